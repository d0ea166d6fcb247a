package nbkit;

import com.univocity.parsers.csv.CsvParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Serializable;
import java.net.URI;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF3;
import org.apache.spark.sql.catalyst.csv.CSVOptions;
import org.apache.spark.sql.execution.datasources.CodecStreams;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.collection.Seq;

/**
 * Lines of CSV as rows: columns by the names that the header of their own file gives them.
 *
 * <p>Compiled by Janino, as ProjectCatalog is: no generics.
 */
public final class CsvRecords implements UDF1, UDF3, Serializable {

  private final CSVOptions options;
  private final SerializableConfiguration hadoop;
  private final StructType columns;
  private final Fits fits;
  private final boolean caseSensitive;
  private final boolean byPlace;
  private transient HashMap headers;
  private transient HashMap places;
  private transient CsvParser parser;

  /**
   * Reads lines.
   *
   * @param options of Spark's own reader
   * @param hadoop how to reach the files
   * @param columns those to read
   * @param zone of times without one
   * @param timestampFormat empty for Spark's own way
   * @param dateFormat empty for Spark's own way
   * @param caseSensitive whether names have to be spelled as those of columns
   * @param byPlace whether a header that has none of the columns' names stands for them in order
   * @param strict whether what fits nowhere ends the query
   */
  public CsvRecords(
      CSVOptions options,
      SerializableConfiguration hadoop,
      StructType columns,
      String zone,
      String timestampFormat,
      String dateFormat,
      boolean caseSensitive,
      boolean byPlace,
      boolean strict) {
    this.options = options;
    this.hadoop = hadoop;
    this.columns = columns;
    this.caseSensitive = caseSensitive;
    this.byPlace = byPlace;
    this.fits = new Fits(zone, timestampFormat, dateFormat, caseSensitive, "", strict);
  }

  /** The column of arrays of one row. */
  public Column rows(Column given, Column whole, Column path, DataType row) {
    UserDefinedFunction made = functions.udf((UDF3) this, DataTypes.createArrayType(row));
    return made.apply(new Column[] {given, whole, path});
  }

  /** The column of the names that files have for their columns. */
  public Column names(Column path) {
    DataType kind = DataTypes.createArrayType(DataTypes.StringType);
    return functions.udf((UDF1) this, kind).apply(new Column[] {path});
  }

  /** The names of a file's columns; none of a file without lines. */
  public Object call(Object path) throws Exception {
    return header((String) path);
  }

  /**
   * The row of a line.
   *
   * @param given its values by their places
   * @param whole the line, where it has more values than were given, or less
   */
  public Object call(Object given, Object whole, Object path) throws Exception {
    Seq texts = (Seq) given;
    String[] names = header((String) path);
    Object[] values = new Object[columns.length()];
    StringBuilder rest = new StringBuilder();
    boolean told = whole != null && tokens((String) whole) > names.length;
    if (told) {
      fits.refuse("a line has more values than there are columns: " + whole, (String) path);
      Fits.add(JsonRecords.CORRUPT, FileValue.ofText((String) whole).json(), rest);
    }
    for (int at = 0; at < texts.length(); at++) {
      String text = (String) texts.apply(at);
      if (text == null || (at >= names.length && told)) {
        continue;
      }
      String name = at < names.length ? names[at] : "_c" + at;
      Integer column = at < names.length ? place(name) : null;
      FileValue value = FileValue.ofText(text);
      if (column == null || values[column.intValue()] != null) {
        Fits.add(name, value.json(), rest);
        continue;
      }
      StructField field = columns.apply(column.intValue());
      Fits.Result found = fits.of(value, field.dataType(), true, (String) path);
      if (found.none) {
        fits.refuse(name, value, field.dataType(), (String) path);
      }
      values[column.intValue()] = found.value;
      if (found.rest != null) {
        Fits.add(name, found.rest, rest);
      }
    }
    return new Object[] {JsonRecords.finished(values, rest, (String) path)};
  }

  private Integer place(String name) {
    if (places == null) {
      places = new HashMap();
      for (int at = columns.length() - 1; at >= 0; at--) {
        places.put(spelled(columns.apply(at).name()), Integer.valueOf(at));
      }
    }
    return (Integer) places.get(spelled(name));
  }

  private String spelled(String name) {
    return caseSensitive ? name : name.toLowerCase(Locale.ROOT);
  }

  private int tokens(String line) {
    String[] found = parser().parseLine(line);
    return found == null ? 0 : found.length;
  }

  private CsvParser parser() {
    if (parser == null) {
      parser = new CsvParser(options.asParserSettings());
    }
    return parser;
  }

  private String[] header(String path) throws Exception {
    if (headers == null) {
      headers = new HashMap();
    }
    String[] found = (String[]) headers.get(path);
    if (found == null) {
      boolean looking = columns.length() == 0;
      found = options.headerFlag() || looking ? named(first(path)) : numbered();
      if (byPlace && !knows(found)) {
        found = numbered();
      }
      headers.put(path, found);
    }
    return found;
  }

  private boolean knows(String[] names) {
    for (int at = 0; at < names.length; at++) {
      if (place(names[at]) != null) {
        return true;
      }
    }
    return false;
  }

  private String[] numbered() {
    String[] names = new String[columns.length()];
    for (int at = 0; at < names.length; at++) {
      names[at] = columns.apply(at).name();
    }
    return names;
  }

  /** The first record of a file. */
  private String[] first(String path) throws Exception {
    Path file = new Path(new URI(path));
    InputStream stream = CodecStreams.createInputStream(hadoop.value(), file);
    try {
      if (options.multiLine()) {
        CsvParser whole = new CsvParser(options.asParserSettings());
        whole.beginParsing(stream, options.charset());
        String[] found = whole.parseNext();
        whole.stopParsing();
        return found == null ? new String[0] : found;
      }
      String line = line(new BufferedReader(new InputStreamReader(stream, options.charset())));
      String[] found = line == null ? null : parser().parseLine(line);
      return found == null ? new String[0] : found;
    } finally {
      stream.close();
    }
  }

  /** The first line that is neither empty nor a comment. */
  private String line(BufferedReader reader) throws IOException {
    while (true) {
      String line = options.lineSeparator().isDefined() ? separated(reader) : reader.readLine();
      if (line == null) {
        return null;
      }
      line = line.startsWith("\uFEFF") ? line.substring(1) : line;
      boolean comment = options.isCommentSet() && line.indexOf(options.comment()) == 0;
      if (!line.trim().isEmpty() && !comment) {
        return line;
      }
    }
  }

  private String separated(BufferedReader reader) throws IOException {
    String end = (String) options.lineSeparator().get();
    StringBuilder found = new StringBuilder();
    int next = reader.read();
    if (next < 0) {
      return null;
    }
    while (next >= 0) {
      found.append((char) next);
      int begin = found.length() - end.length();
      if (begin >= 0 && found.indexOf(end, begin) == begin) {
        return found.substring(0, begin);
      }
      next = reader.read();
    }
    return found.toString();
  }

  /** Names as Spark makes them of a header: none twice, none empty. */
  private String[] named(String[] given) {
    HashSet seen = new HashSet();
    HashSet twice = new HashSet();
    for (int at = 0; at < given.length; at++) {
      if (given[at] != null && !seen.add(given[at].toLowerCase(Locale.ROOT))) {
        twice.add(given[at].toLowerCase(Locale.ROOT));
      }
    }
    String[] names = new String[given.length];
    for (int at = 0; at < given.length; at++) {
      String name = given[at];
      boolean none = name == null || name.isEmpty() || name.equals(options.nullValue());
      none = none || !options.headerFlag();
      names[at] = none ? "_c" + at : twice.contains(name.toLowerCase(Locale.ROOT)) ? name + at : name;
    }
    return names;
  }
}
