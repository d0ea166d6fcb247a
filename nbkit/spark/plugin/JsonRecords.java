package nbkit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.catalyst.json.JSONOptions;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * JSON texts as rows: columns by name, at every level, and beside them what no column takes.
 *
 * <p>Compiled by Janino, as ProjectCatalog is: no generics.
 */
public final class JsonRecords implements UDF2, UDF1, Serializable {

  static final String CORRUPT = "_corrupt_record";

  private final JSONOptions options;
  private final StructType columns;
  private final Fits fits;
  private final boolean whole;
  private transient JsonFactory factory;

  /**
   * Reads texts.
   *
   * @param options of Spark's own reader
   * @param columns those to read
   * @param zone of times without one
   * @param timestampFormat empty for Spark's own way
   * @param dateFormat empty for Spark's own way
   * @param caseSensitive whether names have to be spelled as those of columns
   * @param valueTag of records that were XML; else empty
   * @param strict whether what fits nowhere ends the query
   * @param whole whether a text is a whole file, with any number of records, or arrays of them
   */
  public JsonRecords(
      JSONOptions options,
      StructType columns,
      String zone,
      String timestampFormat,
      String dateFormat,
      boolean caseSensitive,
      String valueTag,
      boolean strict,
      boolean whole) {
    this.options = options;
    this.columns = columns;
    this.fits = new Fits(zone, timestampFormat, dateFormat, caseSensitive, valueTag, strict);
    this.whole = whole;
  }

  /** The column of arrays of rows of texts. */
  public Column rows(Column text, Column path, DataType row) {
    UserDefinedFunction made = functions.udf((UDF2) this, DataTypes.createArrayType(row));
    return made.apply(new Column[] {text, path});
  }

  /** The column of texts without repeated names. */
  public Column once(Column text) {
    return functions.udf((UDF1) this, DataTypes.StringType).apply(new Column[] {text});
  }

  /** The rows of a text, of a file. */
  public Object call(Object text, Object path) {
    ArrayList rows = new ArrayList();
    String source = clean((String) text);
    if (source.trim().isEmpty()) {
      return rows.toArray();
    }
    ArrayList records;
    try {
      records = records(source);
    } catch (IOException error) {
      rows.add(broken(source, (String) path));
      return rows.toArray();
    }
    for (int at = 0; at < records.size(); at++) {
      FileValue record = (FileValue) records.get(at);
      rows.add(
          record.kind == FileValue.OBJECT
              ? row(record, (String) path)
              : broken(whole ? record.json() : source, (String) path));
    }
    return rows.toArray();
  }

  /** The text with each name once in each object, for who infers columns from it. */
  public Object call(Object text) {
    String source = clean((String) text);
    try {
      ArrayList records = records(source);
      StringBuilder into = new StringBuilder();
      boolean changed = records.size() != 1;
      for (int at = 0; at < records.size(); at++) {
        into.append(at == 0 ? "" : ",");
        changed |= once((FileValue) records.get(at), into);
      }
      if (!changed) {
        return source;
      }
      return records.size() == 1 ? into.toString() : "[" + into + "]";
    } catch (IOException error) {
      return source;
    }
  }

  private static String clean(String text) {
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  private ArrayList records(String source) throws IOException {
    if (factory == null) {
      factory = options.buildJsonFactory();
    }
    ArrayList found = new ArrayList();
    JsonParser parser = factory.createParser(source);
    try {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        FileValue value = FileValue.read(parser, source);
        if (whole && value.kind == FileValue.ARRAY) {
          found.addAll(value.values);
        } else {
          found.add(value);
        }
        if (!whole && found.size() > 1) {
          throw new IOException("more than one record in a line");
        }
      }
    } finally {
      parser.close();
    }
    return found;
  }

  private Object row(FileValue record, String path) {
    StringBuilder rest = new StringBuilder();
    return finished(fits.fields(record, columns, false, rest, path), rest, path);
  }

  private Object broken(String text, String path) {
    fits.refuse("a record is no object: " + text, path);
    StringBuilder rest = new StringBuilder();
    Fits.add(CORRUPT, FileValue.ofText(text).json(), rest);
    return finished(new Object[columns.length()], rest, path);
  }

  /** A row of columns and of what is left, with the file that it is from. */
  static Object finished(Object[] values, StringBuilder rest, String path) {
    Object[] row = new Object[values.length + 1];
    System.arraycopy(values, 0, row, 0, values.length);
    if (rest.length() > 0) {
      Fits.add("_file_path", FileValue.ofText(path).json(), rest);
      row[values.length] = "{" + rest + "}";
    }
    return RowFactory.create(row);
  }

  /** Writes a value with each name once, the first one of a spelling; says whether it was not so. */
  private static boolean once(FileValue value, StringBuilder into) {
    if (value.kind != FileValue.OBJECT && value.kind != FileValue.ARRAY) {
      into.append(value.json());
      return false;
    }
    boolean changed = false;
    HashMap seen = new HashMap();
    into.append(value.kind == FileValue.OBJECT ? '{' : '[');
    boolean first = true;
    for (int at = 0; at < value.values.size(); at++) {
      if (value.kind == FileValue.OBJECT
          && seen.put(value.name(at).toLowerCase(Locale.ROOT), value) != null) {
        changed = true;
        continue;
      }
      into.append(first ? "" : ",");
      first = false;
      if (value.kind == FileValue.OBJECT) {
        FileValue.quote(value.name(at), into);
        into.append(':');
      }
      changed |= once(value.value(at), into);
    }
    into.append(value.kind == FileValue.OBJECT ? '}' : ']');
    return changed;
  }
}
