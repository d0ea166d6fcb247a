package nbkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.connector.catalog.CatalogV2Util;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.StagedTable;
import org.apache.spark.sql.connector.catalog.StagingTableCatalog;
import org.apache.spark.sql.connector.catalog.SupportsWrite;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableInfo;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.connector.metric.CustomMetric;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.apache.spark.sql.connector.write.LogicalWriteInfo;
import org.apache.spark.sql.connector.write.V1Write;
import org.apache.spark.sql.connector.write.Write;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.sources.InsertableRelation;
import org.apache.spark.sql.types.StructType;

/**
 * A table that is not Delta, made from a query: it is there, and gets its rows; if that fails, it
 * is taken away again.
 *
 * <p>Compiled by Janino, as ProjectCatalog is.
 */
public class FilledTable
    implements StagedTable, SupportsWrite, WriteBuilder, V1Write, InsertableRelation {

  private final StagingTableCatalog catalog;
  private final Identifier place;
  private final org.apache.spark.sql.connector.catalog.Column[] columns;

  public FilledTable(
      StagingTableCatalog catalog,
      Identifier place,
      org.apache.spark.sql.connector.catalog.Column[] columns) {
    this.catalog = catalog;
    this.place = place;
    this.columns = columns;
  }

  /** The columns of a table: those that it is partitioned by are its last ones. */
  static org.apache.spark.sql.connector.catalog.Column[] inOrder(TableInfo info) {
    List<String> last = new ArrayList<String>();
    for (Transform partition : info.partitions()) {
      if (partition.name().equals("identity")) {
        last.add(partition.references()[0].fieldNames()[0]);
      }
    }
    List<Object> found = new ArrayList<Object>();
    for (org.apache.spark.sql.connector.catalog.Column column : info.columns()) {
      if (!last.contains(column.name())) {
        found.add(column);
      }
    }
    for (Object name : last) {
      for (org.apache.spark.sql.connector.catalog.Column column : info.columns()) {
        if (column.name().equals(name)) {
          found.add(column);
        }
      }
    }
    return (org.apache.spark.sql.connector.catalog.Column[])
        found.toArray(new org.apache.spark.sql.connector.catalog.Column[0]);
  }

  public String name() {
    return place.name();
  }

  public String description() {
    return name();
  }

  public StructType schema() {
    return CatalogV2Util.v2ColumnsToStructType(columns);
  }

  public org.apache.spark.sql.connector.catalog.Column[] columns() {
    return columns;
  }

  public CustomMetric[] supportedCustomMetrics() {
    return new CustomMetric[0];
  }

  public CustomTaskMetric[] reportDriverMetrics() {
    return new CustomTaskMetric[0];
  }

  public Map<String, String> properties() {
    return new HashMap<String, String>();
  }

  public Set<TableCapability> capabilities() {
    return new HashSet<TableCapability>(Arrays.asList(
        new TableCapability[] {TableCapability.V1_BATCH_WRITE, TableCapability.TRUNCATE}));
  }

  public WriteBuilder newWriteBuilder(LogicalWriteInfo info) {
    return this;
  }

  public Write build() {
    return this;
  }

  public InsertableRelation toInsertableRelation() {
    return this;
  }

  /** Partition columns come last in the table, wherever the query has them. */
  public void insert(Dataset data, boolean overwrite) {
    String name = "`" + place.namespace()[0] + "`.`" + place.name() + "`";
    String[] names = SparkSession.active().table(name).columns();
    Column[] columns = new Column[names.length];
    for (int i = 0; i < names.length; i++) {
      columns[i] = data.col("`" + names[i] + "`");
    }
    data.select(columns).write().insertInto(name);
  }

  public void commitStagedChanges() {}

  public void abortStagedChanges() {
    catalog.dropTable(place);
  }
}
