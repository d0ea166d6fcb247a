package nbkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.analysis.NamespaceAlreadyExistsException;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.analysis.NoSuchViewException;
import org.apache.spark.sql.catalyst.analysis.NonEmptyNamespaceException;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.catalyst.analysis.ViewAlreadyExistsException;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTableType;
import org.apache.spark.sql.catalyst.catalog.SessionCatalog;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.NamespaceChange;
import org.apache.spark.sql.connector.catalog.Relation;
import org.apache.spark.sql.connector.catalog.RelationCatalog;
import org.apache.spark.sql.connector.catalog.StagedTable;
import org.apache.spark.sql.connector.catalog.StagingTableCatalog;
import org.apache.spark.sql.connector.catalog.SupportsNamespaces;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.connector.catalog.TableCatalogCapability;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.apache.spark.sql.connector.catalog.TableInfo;
import org.apache.spark.sql.connector.catalog.TableWritePrivilege;
import org.apache.spark.sql.connector.catalog.V1Table;
import org.apache.spark.sql.connector.catalog.V1View;
import org.apache.spark.sql.connector.catalog.View;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * A catalog of three-level names: its schemas are schemas of the session catalog.
 *
 * <p>{@code main.silver.orders} is {@code nbkit_main__silver.orders} there; with an empty prefix, as for
 * {@code hive_metastore}, the schema has the same name. Every call goes to the session's own
 * catalog (Delta's), so a table is the same one by either name.
 *
 * <p>Spark takes the first part of {@code silver.orders} for a catalog if there is one of this name,
 * and then asks it for {@code orders} without a schema. As on Databricks, two parts are a schema and
 * a table: the schema {@code silver} of the catalog that is in use.
 *
 * <p>Compiled by Janino (see java_classes.py): no lambdas, and casts where generics would infer.
 */
public class ProjectCatalog
    implements StagingTableCatalog, SupportsNamespaces, RelationCatalog, FunctionCatalog {

  private static final String DEFAULT = "default";
  private static final String VIEW_PROPERTIES = "view.";

  private String name;
  private String prefix;

  public void initialize(String name, CaseInsensitiveStringMap options) {
    this.name = name;
    this.prefix = (String) options.getOrDefault("prefix", name + "__");
  }

  public String name() {
    return name;
  }

  public String[] defaultNamespace() {
    return new String[] {DEFAULT};
  }

  // The session's catalog, and this catalog's names in it.

  private static SparkSession session() {
    return SparkSession.active();
  }

  private static StagingTableCatalog tables() {
    return (StagingTableCatalog) session().sessionState().catalogManager().v2SessionCatalog();
  }

  private static SupportsNamespaces schemas() {
    return (SupportsNamespaces) session().sessionState().catalogManager().v2SessionCatalog();
  }

  private static SessionCatalog metadata() {
    return session().sessionState().catalog();
  }

  private String[] inner(String[] namespace) {
    if (namespace.length == 0) {
      return new String[] {prefixInUse() + name};
    }
    return namespace.length == 1 ? new String[] {prefix + namespace[0]} : namespace;
  }

  private static String prefixInUse() {
    Object inUse = session().sessionState().catalogManager().currentCatalog();
    return inUse instanceof ProjectCatalog ? ((ProjectCatalog) inUse).prefix : "";
  }

  private Identifier inner(Identifier ident) {
    return isPath(ident) ? ident : Identifier.of(inner(ident.namespace()), ident.name());
  }

  /** A table by its place, which is in no catalog: {@code delta.`/a/folder`}. */
  private boolean isPath(Identifier ident) {
    String[] namespace = ident.namespace();
    return namespace.length == 1
        && "delta".equalsIgnoreCase(namespace[0])
        && new Path(ident.name()).isAbsolute()
        && !schemas().namespaceExists(inner(namespace));
  }

  /** Where something is about to be made: the schema `default` is always there. */
  private Identifier innerForNew(Identifier ident) {
    if (isPath(ident)) {
      return ident;
    }
    String[] namespace = inner(ident.namespace());
    if (isDefault(ident.namespace()) && !schemas().namespaceExists(namespace)) {
      try {
        schemas().createNamespace(namespace, new HashMap<String, String>());
      } catch (NamespaceAlreadyExistsException another) {
        return Identifier.of(namespace, ident.name());
      }
    }
    return Identifier.of(namespace, ident.name());
  }

  /** A new name as Spark's parser leaves it: with the catalog, or with nothing but the name. */
  private Identifier renamed(Identifier from, Identifier to) {
    String[] namespace = to.namespace();
    if (namespace.length == 2 && namespace[0].equals(name)) {
      return Identifier.of(new String[] {namespace[1]}, to.name());
    }
    return namespace.length == 0 ? Identifier.of(from.namespace(), to.name()) : to;
  }

  private static boolean isDefault(String[] namespace) {
    return namespace.length == 1 && DEFAULT.equalsIgnoreCase(namespace[0]);
  }

  private TableIdentifier innerName(Identifier ident) {
    return new TableIdentifier(
        ident.name(), scala.Option.apply(inner(ident.namespace())[0]));
  }

  // Schemas.

  public String[][] listNamespaces() throws NoSuchNamespaceException {
    List<String[]> found = new ArrayList<String[]>();
    boolean hasDefault = false;
    List<String> others = prefix.isEmpty() ? prefixes() : new ArrayList<String>();
    for (String[] namespace : schemas().listNamespaces()) {
      if (namespace.length == 1
          && namespace[0].startsWith(prefix.toLowerCase())
          && !startsWithAny(namespace[0], others)) {
        String[] own = new String[] {namespace[0].substring(prefix.length())};
        hasDefault = hasDefault || isDefault(own);
        found.add(own);
      }
    }
    if (!hasDefault) {
      found.add(0, defaultNamespace());
    }
    return (String[][]) found.toArray(new String[0][]);
  }

  /** What the schemas of all catalogs of three-level names begin with. */
  private static List<String> prefixes() {
    List<String> found = new ArrayList<String>();
    scala.collection.Iterator settings = session().conf().getAll().iterator();
    while (settings.hasNext()) {
      scala.Tuple2 setting = (scala.Tuple2) settings.next();
      String key = (String) setting._1();
      String value = (String) setting._2();
      if (key.startsWith("spark.sql.catalog.") && key.endsWith(".prefix") && !value.isEmpty()) {
        found.add(value.toLowerCase());
      }
    }
    return found;
  }

  private static boolean startsWithAny(String text, List<String> beginnings) {
    for (Object beginning : beginnings) {
      if (text.startsWith((String) beginning)) {
        return true;
      }
    }
    return false;
  }

  public String[][] listNamespaces(String[] namespace) throws NoSuchNamespaceException {
    if (namespace.length == 0) {
      return listNamespaces();
    }
    if (!namespaceExists(namespace)) {
      throw new NoSuchNamespaceException(namespace);
    }
    return new String[0][];
  }

  public boolean namespaceExists(String[] namespace) {
    return isDefault(namespace)
        || InformationSchema.is(namespace)
        || namespace.length < 2 && schemas().namespaceExists(inner(namespace));
  }

  public Map<String, String> loadNamespaceMetadata(String[] namespace)
      throws NoSuchNamespaceException {
    if (InformationSchema.is(namespace)
        || isDefault(namespace) && !schemas().namespaceExists(inner(namespace))) {
      return new HashMap<String, String>();
    }
    return schemas().loadNamespaceMetadata(inner(namespace));
  }

  public void createNamespace(String[] namespace, Map<String, String> properties)
      throws NamespaceAlreadyExistsException {
    schemas().createNamespace(inner(namespace), properties);
  }

  public void alterNamespace(String[] namespace, NamespaceChange[] changes)
      throws NoSuchNamespaceException {
    schemas().alterNamespace(inner(namespace), changes);
  }

  public boolean dropNamespace(String[] namespace, boolean cascade)
      throws NoSuchNamespaceException, NonEmptyNamespaceException {
    return schemas().dropNamespace(inner(namespace), cascade);
  }

  // Tables.

  public Set<TableCatalogCapability> capabilities() {
    return tables().capabilities();
  }

  public Relation loadRelation(Identifier ident) throws NoSuchTableException {
    if (InformationSchema.is(ident.namespace())) {
      return InformationSchema.of(this, ident);
    }
    Table found = tables().loadTable(inner(ident));
    if (!(found instanceof V1Table)) {
      return found;
    }
    CatalogTable table = ((V1Table) found).v1Table();
    return isView(table) ? (Relation) view(table) : new V1Table(unpartitioned(table));
  }

  private Table onlyTable(Identifier ident, Table found) throws NoSuchTableException {
    if (found instanceof V1Table) {
      CatalogTable table = ((V1Table) found).v1Table();
      if (isView(table)) {
        throw new NoSuchTableException(ident);
      }
      return new V1Table(unpartitioned(table));
    }
    return found;
  }

  private static boolean isView(CatalogTable table) {
    return table.tableType().equals(CatalogTableType.VIEW());
  }

  public Table loadTable(Identifier ident) throws NoSuchTableException {
    if (InformationSchema.is(ident.namespace())) {
      return InformationSchema.of(this, ident);
    }
    return onlyTable(ident, tables().loadTable(inner(ident)));
  }

  public Table loadTable(Identifier ident, Set<TableWritePrivilege> privileges)
      throws NoSuchTableException {
    return onlyTable(ident, tables().loadTable(inner(ident), privileges));
  }

  public Table loadTable(Identifier ident, String version) throws NoSuchTableException {
    return onlyTable(ident, tables().loadTable(inner(ident), version));
  }

  public Table loadTable(Identifier ident, long timestamp) throws NoSuchTableException {
    return onlyTable(ident, tables().loadTable(inner(ident), timestamp));
  }

  public boolean tableExists(Identifier ident) {
    if (isPath(ident)) {
      return tables().tableExists(ident); // which looks at the place; loading does not
    }
    try {
      loadTable(ident);
      return true;
    } catch (NoSuchTableException none) {
      return false;
    }
  }

  public Identifier[] listTables(String[] namespace) throws NoSuchNamespaceException {
    if (InformationSchema.is(namespace)) {
      return InformationSchema.tables(namespace);
    }
    if (!schemas().namespaceExists(inner(namespace)) && isDefault(namespace)) {
      return new Identifier[0];
    }
    List<String> views = Arrays.asList(viewNames(namespace));
    List<Identifier> found = new ArrayList<Identifier>();
    for (Identifier ident : tables().listTables(inner(namespace))) {
      if (!views.contains(ident.name())) {
        found.add(Identifier.of(namespace, ident.name()));
      }
    }
    return (Identifier[]) found.toArray(new Identifier[0]);
  }

  public void invalidateTable(Identifier ident) {
    if (!InformationSchema.is(ident.namespace())) {
      tables().invalidateTable(inner(ident));
    }
  }

  public Table createTable(
      Identifier ident, Column[] columns, Transform[] partitions, Map<String, String> properties)
      throws TableAlreadyExistsException, NoSuchNamespaceException {
    return tables().createTable(innerForNew(ident), columns, partitions, properties);
  }

  public Table createTable(Identifier ident, TableInfo info)
      throws TableAlreadyExistsException, NoSuchNamespaceException {
    return tables().createTable(innerForNew(ident), info);
  }

  public Table createTableLike(Identifier ident, TableInfo info, Table source)
      throws TableAlreadyExistsException, NoSuchNamespaceException {
    return tables().createTableLike(innerForNew(ident), info, source);
  }

  public boolean useNullableQuerySchema() {
    return tables().useNullableQuerySchema();
  }

  public Table alterTable(Identifier ident, TableChange[] changes) throws NoSuchTableException {
    return tables().alterTable(inner(ident), changes);
  }

  public boolean dropTable(Identifier ident) {
    return tableExists(ident) && tables().dropTable(inner(ident));
  }

  public boolean purgeTable(Identifier ident) {
    return tableExists(ident) && tables().purgeTable(inner(ident));
  }

  public void renameTable(Identifier from, Identifier to)
      throws NoSuchTableException, TableAlreadyExistsException {
    loadTable(from);
    tables().renameTable(inner(from), innerForNew(renamed(from, to)));
  }

  /** Only Delta writes a table and its rows in one step. */
  private static boolean isDelta(Map<String, String> properties) {
    String provider = (String) properties.get(TableCatalog.PROP_PROVIDER);
    return provider == null || provider.equalsIgnoreCase("delta");
  }

  /** A table of another format, made at once; its rows come next. */
  private StagedTable filled(Identifier ident, TableInfo info)
      throws TableAlreadyExistsException, NoSuchNamespaceException {
    Identifier place = innerForNew(ident);
    Column[] columns = FilledTable.inOrder(info);
    tables().createTable(place, described(columns, info.partitions(), info.properties()));
    return new FilledTable(tables(), place, info.columns());
  }

  private static TableInfo described(
      Column[] columns, Transform[] partitions, Map<String, String> properties) {
    TableInfo.Builder builder = new TableInfo.Builder();
    builder.withColumns(columns);
    builder.withPartitions(partitions);
    builder.withProperties(properties);
    return builder.build();
  }

  public StagedTable stageCreate(
      Identifier ident, Column[] columns, Transform[] partitions, Map<String, String> properties)
      throws TableAlreadyExistsException, NoSuchNamespaceException {
    return stageCreate(ident, described(columns, partitions, properties));
  }

  public StagedTable stageCreate(Identifier ident, TableInfo info)
      throws TableAlreadyExistsException, NoSuchNamespaceException {
    if (!isDelta(info.properties())) {
      return filled(ident, info);
    }
    return tables().stageCreate(innerForNew(ident), info);
  }

  public StagedTable stageReplace(
      Identifier ident, Column[] columns, Transform[] partitions, Map<String, String> properties)
      throws NoSuchNamespaceException, NoSuchTableException {
    return stageReplace(ident, described(columns, partitions, properties));
  }

  public StagedTable stageReplace(Identifier ident, TableInfo info)
      throws NoSuchNamespaceException, NoSuchTableException {
    if (!isDelta(info.properties())) {
      loadTable(ident);
      return stageCreateOrReplace(ident, info);
    }
    return tables().stageReplace(inner(ident), info);
  }

  public StagedTable stageCreateOrReplace(
      Identifier ident, Column[] columns, Transform[] partitions, Map<String, String> properties)
      throws NoSuchNamespaceException {
    return stageCreateOrReplace(ident, described(columns, partitions, properties));
  }

  public StagedTable stageCreateOrReplace(Identifier ident, TableInfo info)
      throws NoSuchNamespaceException {
    if (isDelta(info.properties())) {
      return tables().stageCreateOrReplace(innerForNew(ident), info);
    }
    if (tableExists(ident)) {
      throw new UnsupportedOperationException(
          "table " + ident.name() + " is there already, and only Delta tables are replaced by a "
              + "query: drop it first");
    }
    try {
      return filled(ident, info);
    } catch (TableAlreadyExistsException another) {
      throw new IllegalStateException(another);
    }
  }

  // Views: kept in the metastore as the session catalog keeps its own.

  private String[] viewNames(String[] namespace) {
    scala.collection.immutable.Seq found = metadata().listViews(inner(namespace)[0], "*");
    String[] names = new String[found.length()];
    for (int i = 0; i < names.length; i++) {
      names[i] = ((TableIdentifier) found.apply(i)).table();
    }
    return names;
  }

  public Identifier[] listViews(String[] namespace) throws NoSuchNamespaceException {
    if (InformationSchema.is(namespace) || !schemas().namespaceExists(inner(namespace))) {
      return new Identifier[0];
    }
    List<Identifier> found = new ArrayList<Identifier>();
    for (String view : viewNames(namespace)) {
      found.add(Identifier.of(namespace, view));
    }
    return (Identifier[]) found.toArray(new Identifier[0]);
  }

  public View loadView(Identifier ident) throws NoSuchViewException {
    try {
      Relation found = loadRelation(ident);
      if (found instanceof View) {
        return (View) found;
      }
    } catch (NoSuchTableException none) {
      throw new NoSuchViewException(ident);
    }
    throw new NoSuchViewException(ident);
  }

  public boolean viewExists(Identifier ident) {
    try {
      return loadRelation(ident) instanceof View;
    } catch (NoSuchTableException none) {
      return false;
    }
  }

  public View createView(Identifier ident, View view)
      throws ViewAlreadyExistsException, NoSuchNamespaceException {
    Identifier place = innerForNew(ident);
    if (tables().tableExists(place)) {
      throw new ViewAlreadyExistsException(ident);
    }
    metadata().createTable(described(ident, view), false, false);
    return view;
  }

  public View replaceView(Identifier ident, View view) throws NoSuchViewException {
    if (!viewExists(ident)) {
      throw new NoSuchViewException(ident);
    }
    // One change of the metastore: if it fails, the view is what it was.
    metadata().alterTable(described(ident, view));
    metadata().refreshTable(innerName(ident));
    return view;
  }

  public View createOrReplaceView(Identifier ident, View view)
      throws ViewAlreadyExistsException, NoSuchNamespaceException {
    try {
      return replaceView(ident, view);
    } catch (NoSuchViewException none) {
      return createView(ident, view);
    }
  }

  public boolean dropView(Identifier ident) {
    if (!viewExists(ident)) {
      return false;
    }
    metadata().dropTable(innerName(ident), true, false);
    return true;
  }

  public void renameView(Identifier from, Identifier to)
      throws NoSuchViewException, ViewAlreadyExistsException {
    loadView(from);
    metadata().renameTable(innerName(from), innerName(renamed(from, to)));
  }

  /** A view as the metastore has it, for Spark: without the properties that are its own. */
  private static View view(CatalogTable table) {
    View all = new V1View(table);
    Map<String, String> properties = new HashMap<String, String>();
    for (Object key : all.properties().keySet()) {
      if (!((String) key).startsWith(VIEW_PROPERTIES)) {
        properties.put((String) key, (String) all.properties().get(key));
      }
    }
    View.Builder builder = new View.Builder();
    builder.withColumns(all.columns());
    builder.withProperties(properties);
    builder.withQueryText(all.queryText());
    builder.withCurrentCatalog(all.currentCatalog());
    builder.withCurrentNamespace(all.currentNamespace());
    builder.withSqlConfigs(all.sqlConfigs());
    builder.withSchemaMode(all.schemaMode());
    builder.withQueryColumnNames(all.queryColumnNames());
    return builder.build();
  }

  /** A view as Spark gives it, for the metastore. */
  private CatalogTable described(Identifier ident, View view) {
    CatalogTable table = V1Table.toCatalogTable(this, ident, view);
    return copy(table, innerName(ident), table.tracksPartitionsInCatalog());
  }

  /** A table that is not Delta, read and written without its list of partitions: Spark's rule. */
  private static CatalogTable unpartitioned(CatalogTable table) {
    return copy(table, table.identifier(), false);
  }

  private static CatalogTable copy(CatalogTable t, TableIdentifier name, boolean partitions) {
    return t.copy(
        name,
        t.tableType(),
        t.storage(),
        t.schema(),
        t.provider(),
        t.partitionColumnNames(),
        t.bucketSpec(),
        t.owner(),
        t.createTime(),
        t.lastAccessTime(),
        t.createVersion(),
        t.properties(),
        t.stats(),
        t.viewText(),
        t.comment(),
        t.collation(),
        t.unsupportedFeatures(),
        partitions,
        t.schemaPreservesCase(),
        t.ignoredProperties(),
        t.viewOriginalText(),
        t.multipartIdentifier());
  }

  // Functions: only those that Spark has.

  public Identifier[] listFunctions(String[] namespace) {
    return new Identifier[0];
  }

  public UnboundFunction loadFunction(Identifier ident) throws NoSuchFunctionException {
    throw new NoSuchFunctionException(ident);
  }
}
