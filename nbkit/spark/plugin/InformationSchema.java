package nbkit;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.Relation;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.connector.catalog.V1Table;
import org.apache.spark.sql.connector.catalog.View;
import org.apache.spark.sql.connector.read.LocalScan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.apache.spark.unsafe.types.UTF8String;

/** One table of a catalog's `information_schema`: what the catalog holds, read when asked. */
final class InformationSchema implements SupportsRead, ScanBuilder, LocalScan {

  private static final String NAME = "information_schema";
  private static final String[][] TABLES = {
    {"schemata", "catalog_name", "schema_name", "comment"},
    {
      "tables", "table_catalog", "table_schema", "table_name", "table_type", "data_source_format",
      "comment"
    },
    {
      "columns", "table_catalog", "table_schema", "table_name", "column_name", "ordinal_position",
      "is_nullable", "data_type", "full_data_type", "comment"
    },
    {"views", "table_catalog", "table_schema", "table_name", "view_definition"},
  };

  private final ProjectCatalog catalog;
  private final String[] described;

  private InformationSchema(ProjectCatalog catalog, String[] described) {
    this.catalog = catalog;
    this.described = described;
  }

  static boolean is(String[] namespace) {
    return namespace.length == 1 && NAME.equalsIgnoreCase(namespace[0]);
  }

  static Table of(ProjectCatalog catalog, Identifier ident) throws NoSuchTableException {
    for (String[] described : TABLES) {
      if (described[0].equalsIgnoreCase(ident.name())) {
        return new InformationSchema(catalog, described);
      }
    }
    throw new NoSuchTableException(ident);
  }

  static Identifier[] tables(String[] namespace) {
    Identifier[] found = new Identifier[TABLES.length];
    for (int i = 0; i < found.length; i++) {
      found[i] = Identifier.of(namespace, TABLES[i][0]);
    }
    return found;
  }

  // A table of Spark's, read in one piece by the driver.

  public String name() {
    return catalog.name() + "." + NAME + "." + described[0];
  }

  public StructType schema() {
    StructType schema = new StructType();
    for (int i = 1; i < described.length; i++) {
      schema = schema.add(described[i], described[i].equals("ordinal_position") ? "int" : "string");
    }
    return schema;
  }

  public StructType readSchema() {
    return schema();
  }

  public Set<TableCapability> capabilities() {
    return EnumSet.of(TableCapability.BATCH_READ);
  }

  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    return this;
  }

  public LocalScan build() {
    return this;
  }

  public InternalRow[] rows() {
    List<InternalRow> rows = new ArrayList<InternalRow>();
    try {
      for (String[] schema : catalog.listNamespaces()) {
        if (described[0].equals("schemata")) {
          Object comment = catalog.loadNamespaceMetadata(schema).get("comment");
          rows.add(row(new Object[] {catalog.name(), schema[0], comment}));
        } else {
          addRelations(rows, schema);
        }
      }
    } catch (NoSuchNamespaceException gone) {
      throw new RuntimeException("a schema was dropped while " + name() + " was read", gone);
    }
    return (InternalRow[]) rows.toArray(new InternalRow[0]);
  }

  private void addRelations(List<InternalRow> rows, String[] schema)
      throws NoSuchNamespaceException {
    if (!described[0].equals("views")) {
      for (Identifier ident : catalog.listTables(schema)) {
        addRelation(rows, ident);
      }
    }
    for (Identifier ident : catalog.listViews(schema)) {
      addRelation(rows, ident);
    }
  }

  private void addRelation(List<InternalRow> rows, Identifier ident) {
    Relation found;
    try {
      found = catalog.loadRelation(ident);
    } catch (NoSuchTableException dropped) {
      return; // since it was listed
    }
    Object[] name = {catalog.name(), ident.namespace()[0], ident.name()};
    Map<String, String> properties = found.properties();
    if (described[0].equals("columns")) {
      Column[] columns = found.columns();
      for (int i = 0; i < columns.length; i++) {
        rows.add(row(name, column(columns[i], i)));
      }
    } else if (described[0].equals("views")) {
      rows.add(row(name, new Object[] {((View) found).queryText()}));
    } else {
      Object[] kind = {type(found), format(found), properties.get(TableCatalog.PROP_COMMENT)};
      rows.add(row(name, kind));
    }
  }

  private static Object[] column(Column column, int position) {
    return new Object[] {
      column.name(),
      Integer.valueOf(position + 1),
      column.nullable() ? "YES" : "NO",
      column.dataType().typeName().toUpperCase().replace("INTEGER", "INT"),
      column.dataType().sql().toLowerCase(),
      column.comment()
    };
  }

  private static String type(Relation found) {
    if (found instanceof View) {
      return "VIEW";
    }
    if (found instanceof V1Table) {
      return ((V1Table) found).v1Table().tableType().name();
    }
    return found.properties().containsKey(TableCatalog.PROP_EXTERNAL) ? "EXTERNAL" : "MANAGED";
  }

  private static Object format(Relation found) {
    Object provider = found.properties().get(TableCatalog.PROP_PROVIDER);
    if (found instanceof V1Table && ((V1Table) found).v1Table().provider().isDefined()) {
      provider = ((V1Table) found).v1Table().provider().get();
    }
    return provider == null ? null : ((String) provider).toUpperCase();
  }

  private static InternalRow row(Object[] name, Object[] rest) {
    Object[] all = new Object[name.length + rest.length];
    System.arraycopy(name, 0, all, 0, name.length);
    System.arraycopy(rest, 0, all, name.length, rest.length);
    return row(all);
  }

  private static InternalRow row(Object[] values) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] instanceof String) {
        values[i] = UTF8String.fromString((String) values[i]);
      }
    }
    return new GenericInternalRow(values);
  }
}
