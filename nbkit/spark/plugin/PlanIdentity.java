package nbkit;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.Array;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.api.python.SimplePythonFunction;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.CurrentCatalog;
import org.apache.spark.sql.catalyst.expressions.CurrentDatabase;
import org.apache.spark.sql.catalyst.expressions.CurrentTimeZone;
import org.apache.spark.sql.catalyst.expressions.CommonExpressionId;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionWithRandomSeed;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.NamedLambdaVariable;
import org.apache.spark.sql.catalyst.expressions.Nondeterministic;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.catalyst.plans.logical.View;
import org.apache.spark.sql.catalyst.trees.TreeNode;
import org.apache.spark.sql.catalyst.trees.TreePattern;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.MapData;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.LogicalRDD;
import org.apache.spark.sql.execution.command.ViewHelper$;
import org.apache.spark.sql.execution.datasources.FileIndex;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.unsafe.types.CalendarInterval;
import org.apache.spark.unsafe.types.UTF8String;
import org.apache.spark.unsafe.types.VariantVal;
import scala.Product;
import scala.collection.Iterator;

/**
 * What a query means: a digest of its resolved plan, operator by operator and value by value.
 *
 * <p>Two plans with one digest give the same rows from the same sources. What Spark makes up anew
 * each time (ids of columns, names of lambda variables) is numbered by its first mention. What is
 * not understood is told instead of being passed over, so that nobody takes such plans for equal.
 *
 * <p>Compiled by Janino, as ProjectCatalog is: no generics.
 */
public final class PlanIdentity {

  private static final String STAND_IN = "nbkit dataset ";
  private static final String SETTING_OF_VIEW = "view.sqlConfig.";

  private final SparkSession session;
  private final boolean seeded;
  private final Map numbers = new HashMap();
  private final Set varying = new LinkedHashSet();
  private final Set unknown = new LinkedHashSet();
  private final List python = new ArrayList();
  private DataOutputStream out;
  private boolean collated = false;

  private PlanIdentity(SparkSession session, boolean seeded) {
    this.session = session;
    this.seeded = seeded;
  }

  /**
   * What is known about a plan, a line each: `digest`, then any number of `varies` (a function
   * with another value each time), `python` (a pickled function, in base 64) and `unknown`, each
   * with a tab before its value.
   */
  public static String of(LogicalPlan plan, SparkSession session) throws Exception {
    return told(plan, new PlanIdentity(session, true));
  }

  /**
   * As `of`, whatever the seeds of chance are, and the settings beside the time zone and ANSI: a
   * retry of the same code has other seeds, and writing with Delta changes settings.
   */
  public static String unseeded(LogicalPlan plan, SparkSession session) throws Exception {
    return told(plan, new PlanIdentity(session, false));
  }

  private static String told(LogicalPlan plan, PlanIdentity identity) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    identity.out = new DataOutputStream(bytes);
    identity.settings();
    identity.put(plan);
    identity.text(plan.schema().json());
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray());
    StringBuilder told = new StringBuilder();
    line(told, "digest", String.format("%064x", new Object[] {new BigInteger(1, digest)}));
    lines(told, "varies", identity.varying.toArray());
    lines(told, "python", identity.python.toArray());
    lines(told, "unknown", identity.unknown.toArray());
    lines(told, "collated", identity.collated ? new Object[] {"text"} : new Object[0]);
    return told.toString();
  }

  private static void lines(StringBuilder told, String kind, Object[] values) {
    for (int i = 0; i < values.length; i++) {
      line(told, kind, (String) values[i]);
    }
  }

  private static void line(StringBuilder told, String kind, String value) {
    told.append(kind).append('\t').append(value).append('\n');
  }

  /** The settings that Spark itself keeps with a view, since they change what it gives. */
  private void settings() throws Exception {
    SQLConf conf = session.sessionState().conf();
    text(conf.sessionLocalTimeZone());
    text(String.valueOf(conf.ansiEnabled()));
    if (!seeded) {
      return;
    }
    Map kept = new HashMap();
    for (Iterator each = ViewHelper$.MODULE$.sqlConfigsToProps(conf, "").iterator();
        each.hasNext();) {
      scala.Tuple2 pair = (scala.Tuple2) each.next();
      if (!ofThisProcess((String) pair._1())) {
        kept.put(pair._1(), pair._2());
      }
    }
    map(kept);
  }

  /** Whether a setting says what this process has done so far, or how it is set up. */
  private static boolean ofThisProcess(String setting) {
    boolean ofDelta = setting.startsWith("spark.databricks.");
    return (ofDelta && !setting.startsWith("spark.databricks.delta.properties.defaults."))
        || setting.startsWith("spark.sql.parquet.fieldId.")
        || setting.startsWith("spark.sql.catalog.")
        || setting.startsWith("spark.sql.artifact.");
  }

  private void put(Object value) throws Exception {
    if (value == null) {
      out.writeByte('0');
    } else if (value instanceof TreeNode) {
      node((TreeNode) value);
    } else if (!plain(value) && !ofSpark(value) && !many(value)) {
      other(value);
    }
  }

  private boolean plain(Object value) throws Exception {
    if (value instanceof String) {
      text((String) value);
    } else if (value instanceof UTF8String) {
      bytes('u', ((UTF8String) value).getBytes());
    } else if (value instanceof byte[]) {
      bytes('b', (byte[]) value);
    } else if (value instanceof Double) {
      name(value);
      out.writeLong(Double.doubleToRawLongBits(((Double) value).doubleValue()));
    } else if (value instanceof Float) {
      name(value);
      out.writeInt(Float.floatToRawIntBits(((Float) value).floatValue()));
    } else if (value instanceof Number || value instanceof Boolean || value instanceof Character
        || value instanceof Enum || value instanceof CalendarInterval
        || value instanceof java.util.UUID || value instanceof java.time.ZoneId
        || value instanceof java.util.Locale || value instanceof java.net.URI
        || value instanceof org.apache.hadoop.fs.Path
        || value instanceof scala.math.ScalaNumber
        || value.getClass().getName().equals("scala.Enumeration$Val")) {
      name(value);
      text(value.toString());
    } else if (value instanceof java.util.regex.Pattern) {
      name(value);
      text(value.toString());
      out.writeInt(((java.util.regex.Pattern) value).flags());
    } else if (value instanceof Class) {
      text(((Class) value).getName());
    } else if (!(value instanceof java.util.concurrent.atomic.AtomicReference)) {
      return false;
    }
    return true;
  }

  private boolean ofSpark(Object value) throws Exception {
    if (value instanceof Decimal) {
      Decimal decimal = (Decimal) value;
      text(decimal.toString());
      out.writeInt(decimal.precision());
      out.writeInt(decimal.scale());
    } else if (value instanceof DataType) {
      name(value);
      text(((DataType) value).json());
      text(((DataType) value).typeName());
      collated = collated || ((DataType) value).catalogString().contains(" collate ");
    } else if (value instanceof Metadata) {
      text(((Metadata) value).json());
    } else if (value instanceof ExprId || value instanceof CommonExpressionId) {
      number(value);
    } else if (value instanceof VariantVal) {
      bytes('v', ((VariantVal) value).getValue());
      bytes('m', ((VariantVal) value).getMetadata());
    } else if (value instanceof SimplePythonFunction) {
      function((SimplePythonFunction) value);
    } else if (value instanceof CatalogTable) {
      text(((CatalogTable) value).identifier().unquotedString());
    } else if (value instanceof HadoopFsRelation) {
      files((HadoopFsRelation) value);
    } else {
      return false;
    }
    return true;
  }

  private boolean many(Object value) throws Exception {
    if (value instanceof scala.collection.Map) {
      Map found = new HashMap();
      for (Iterator each = ((scala.collection.Map) value).iterator(); each.hasNext();) {
        scala.Tuple2 pair = (scala.Tuple2) each.next();
        found.put(pair._1(), pair._2());
      }
      map(found);
    } else if (value instanceof Map) {
      map((Map) value);
    } else if (value instanceof scala.collection.Set) {
      set(((scala.collection.Set) value).iterator());
    } else if (value instanceof scala.collection.Iterable) {
      list(((scala.collection.Iterable) value).iterator());
    } else if (value.getClass().isArray()) {
      out.writeByte('[');
      for (int i = 0; i < Array.getLength(value); i++) {
        put(Array.get(value, i));
      }
      out.writeByte(']');
    } else {
      return false;
    }
    return true;
  }

  private void list(Iterator each) throws Exception {
    out.writeByte('[');
    while (each.hasNext()) {
      put(each.next());
    }
    out.writeByte(']');
  }

  /** Entries in the order of their keys: a map has none of its own that means anything. */
  private void map(Map found) throws Exception {
    TreeMap sorted = new TreeMap();
    Object[] keys = found.keySet().toArray();
    for (int i = 0; i < keys.length; i++) {
      sorted.put(encoded(keys[i]), found.get(keys[i]));
    }
    out.writeByte('{');
    Object[] ordered = sorted.keySet().toArray();
    for (int i = 0; i < ordered.length; i++) {
      text((String) ordered[i]);
      put(sorted.get(ordered[i]));
    }
    out.writeByte('}');
  }

  private void set(Iterator each) throws Exception {
    List found = new ArrayList();
    while (each.hasNext()) {
      found.add(encoded(each.next()));
    }
    Object[] ordered = found.toArray();
    Arrays.sort(ordered);
    put(ordered);
  }

  private String encoded(Object value) throws Exception {
    DataOutputStream before = out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    out = new DataOutputStream(bytes);
    try {
      put(value);
    } finally {
      out = before;
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  /** A value of no kind that is known: a case class of Spark's, a Scala object, or a stranger. */
  private void other(Object value) throws Exception {
    String kind = value.getClass().getName();
    boolean trusted = kind.startsWith("org.apache.spark.") || kind.startsWith("scala.");
    name(value);
    if (value instanceof Product && trusted) {
      product((Product) value);
    } else if (!kind.endsWith("$")) {
      unknown.add(kind);
    }
  }

  private void product(Product value) throws Exception {
    out.writeByte('(');
    for (Iterator each = value.productIterator(); each.hasNext();) {
      put(each.next());
    }
    out.writeByte(')');
  }

  private void node(TreeNode node) throws Exception {
    if (node instanceof Expression) {
      look((Expression) node);
    }
    if (node instanceof SubqueryAlias) {
      alias((SubqueryAlias) node);
    } else if (node instanceof View) {
      view((View) node);
    } else if (node instanceof AttributeReference) {
      AttributeReference column = (AttributeReference) node;
      name(node);
      text(column.name());
      put(column.dataType());
      number(column.exprId());
    } else if (node instanceof NamedLambdaVariable) {
      name(node);
      put(((NamedLambdaVariable) node).dataType());
      number(((NamedLambdaVariable) node).exprId());
    } else if (node instanceof Alias) {
      name(node);
      text(((Alias) node).name());
      put(((Alias) node).child());
      number(((Alias) node).exprId());
    } else if (node instanceof org.apache.spark.sql.catalyst.expressions.Literal) {
      literal((org.apache.spark.sql.catalyst.expressions.Literal) node);
    } else if (!seeded && node instanceof ExpressionWithRandomSeed) {
      chance((Expression) node, ((ExpressionWithRandomSeed) node).seedExpression());
    } else if (!leaf(node)) {
      name(node);
      arguments(node);
    }
  }

  /** A source of rows. What is in it is a question of versions, and not of what a query means. */
  private boolean leaf(TreeNode node) throws Exception {
    if (node instanceof LogicalRDD) {
      name(node);
      put(((LogicalRDD) node).output());
    } else if (node instanceof LogicalRelation) {
      LogicalRelation relation = (LogicalRelation) node;
      name(node);
      put(relation.catalogTable());
      put(relation.relation());
      put(relation.output());
    } else if (node instanceof DataSourceV2Relation) {
      DataSourceV2Relation relation = (DataSourceV2Relation) node;
      name(node);
      text(relation.table().name());
      put(relation.options());
      put(relation.timeTravelSpec());
      put(relation.output());
    } else if (node instanceof LocalRelation) {
      rows((LocalRelation) node);
    } else {
      return false;
    }
    return true;
  }

  private void rows(LocalRelation relation) throws Exception {
    name(relation);
    put(relation.output());
    DataType[] types = new DataType[relation.output().size()];
    for (int i = 0; i < types.length; i++) {
      types[i] = ((Expression) relation.output().apply(i)).dataType();
    }
    UnsafeProjection exact = relation.data().isEmpty() ? null : UnsafeProjection.create(types);
    for (Iterator each = relation.data().iterator(); each.hasNext();) {
      bytes('r', exact.apply((InternalRow) each.next()).getBytes());
    }
  }

  private void chance(Expression expression, Expression seed) throws Exception {
    name(expression);
    for (Iterator each = expression.children().iterator(); each.hasNext();) {
      Object value = each.next();
      put(value == seed ? null : value);
    }
  }

  private static boolean seed(Object value) {
    return value instanceof Long || value instanceof scala.Option;
  }

  private void arguments(TreeNode node) throws Exception {
    String kind = node.getClass().getSimpleName();
    boolean sample = !seeded && kind.equals("Sample");
    boolean observed = kind.equals("CollectMetrics");
    boolean counted = kind.startsWith("CTERelation") || kind.startsWith("UnionLoop");
    out.writeByte('(');
    for (Iterator each = node.productIterator(); each.hasNext();) {
      Object value = each.next();
      if (counted && value instanceof Long) {
        number(value);
      } else if (!(sample && seed(value)) && !(observed && value instanceof Long)) {
        put(value);
      }
    }
    list(node.otherCopyArgs().iterator());
    out.writeByte(')');
  }

  /** Look whether an expression has another value each time. */
  private void look(Expression expression) throws Exception {
    collated = collated || expression.getClass().getSimpleName().equals("Collate");
    if (expression instanceof CurrentDatabase || expression instanceof CurrentCatalog) {
      put(session.sessionState().catalogManager().currentCatalog().name());
      put(session.sessionState().catalogManager().currentNamespace());
    } else if (!(expression instanceof CurrentTimeZone)) { // which is among the settings
      boolean leaf = expression.children().isEmpty();
      boolean current = leaf && expression.containsPattern(TreePattern.CURRENT_LIKE());
      if (current || expression instanceof Nondeterministic) {
        varying.add(expression.prettyName().toLowerCase());
      }
    }
  }

  private void alias(SubqueryAlias alias) throws Exception {
    String name = alias.identifier().name();
    if (name.startsWith(STAND_IN)) {
      text(name);
    }
    put(alias.child());
  }

  private void view(View view) throws Exception {
    Map settings = new HashMap();
    for (Iterator each = view.desc().properties().iterator(); each.hasNext();) {
      scala.Tuple2 pair = (scala.Tuple2) each.next();
      if (((String) pair._1()).startsWith(SETTING_OF_VIEW)) {
        settings.put(pair._1(), pair._2());
      }
    }
    map(settings);
    put(view.child());
  }

  private void literal(org.apache.spark.sql.catalyst.expressions.Literal literal)
      throws Exception {
    Object value = literal.value();
    name(literal);
    put(literal.dataType());
    if (value instanceof ArrayData || value instanceof MapData || value instanceof InternalRow) {
      UnsafeProjection exact = UnsafeProjection.create(new DataType[] {literal.dataType()});
      bytes('r', exact.apply(new GenericInternalRow(new Object[] {value})).getBytes());
    } else {
      put(value);
    }
  }

  private void files(HadoopFsRelation relation) throws Exception {
    FileIndex place = relation.location();
    name(place);
    put(place.rootPaths());
    if (place.getClass().getName().endsWith(".TahoeLogFileIndex") && asked(place)) {
      Object snapshot = place.getClass().getMethod("getSnapshot", new Class[0])
          .invoke(place, new Object[0]);
      Object version = snapshot.getClass().getMethod("version", new Class[0])
          .invoke(snapshot, new Object[0]);
      put(version);
    }
    put(relation.partitionSchema());
    put(relation.dataSchema());
    put(relation.bucketSpec());
    name(relation.fileFormat());
    put(relation.options());
  }

  /** Whether a version of a Delta table was asked for. */
  private static boolean asked(Object place) throws Exception {
    return Boolean.TRUE.equals(place.getClass().getMethod("isTimeTravelQuery", new Class[0])
        .invoke(place, new Object[0]));
  }

  private void function(SimplePythonFunction function) throws Exception {
    byte[] command = new byte[function.command().size()];
    for (int i = 0; i < command.length; i++) {
      command[i] = ((Byte) function.command().apply(i)).byteValue();
    }
    python.add(Base64.getEncoder().encodeToString(command));
    text(function.pythonVer());
    if (!function.broadcastVars().isEmpty()) {
      unknown.add("a large function of Python");
    }
  }

  private void number(Object id) throws IOException {
    Object known = numbers.get(id);
    if (known == null) {
      known = Integer.valueOf(numbers.size());
      numbers.put(id, known);
    }
    out.writeByte('#');
    out.writeInt(((Integer) known).intValue());
  }

  private void name(Object value) throws IOException {
    text(value.getClass().getName());
  }

  private void text(String text) throws IOException {
    bytes('s', text.getBytes("UTF-8"));
  }

  private void bytes(char kind, byte[] bytes) throws IOException {
    out.writeByte(kind);
    out.writeInt(bytes.length);
    out.write(bytes);
  }
}
