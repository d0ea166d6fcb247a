package nbkit;

import java.io.IOException;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.util.DateFormatter;
import org.apache.spark.sql.catalyst.util.DateFormatter$;
import org.apache.spark.sql.catalyst.util.DateTimeUtils;
import org.apache.spark.sql.catalyst.util.TimestampFormatter;
import org.apache.spark.sql.catalyst.util.TimestampFormatter$;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.CharType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;
import org.apache.spark.sql.types.VarcharType;
import org.apache.spark.sql.types.VariantType;
import org.apache.spark.types.variant.Variant;
import org.apache.spark.types.variant.VariantBuilder;
import org.apache.spark.unsafe.types.UTF8String;
import org.apache.spark.unsafe.types.VariantVal;
import scala.Option;

/**
 * Whether a value of a file is exactly a value of a type, at every level; and what is left.
 *
 * <p>A number fits if the type has that very number; a fraction, if it is written back as it was. A
 * text fits a text; any other value does too, as it stands in the file. Where an author says the
 * type, a text that spells a value fits it as well; where it was inferred, a text is a text.
 */
final class Fits implements Serializable {

  /** Of a field whose type was said by the author. */
  static final String SAID = "nbkit.said";

  private static final String SEVERAL = " has several values in one record";

  private static final Pattern NUMBER =
      Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");
  private static final Pattern DIGITS = Pattern.compile("-?[0-9]+(\\.[0-9]+)?");
  private static final Pattern SHORT = Pattern.compile("-?[0-9]{1,6}(\\.[0-9]{1,8})?");
  private static final Pattern DATE = Pattern.compile("[+-]?[0-9]{4,7}-[0-9]{1,2}-[0-9]{1,2}");
  private static final Pattern TIME =
      Pattern.compile("[+-]?[0-9]{4,7}-[0-9]{1,2}-[0-9]{1,2}([T ].*)?");
  private static final Pattern TOO_FINE = Pattern.compile(".*\\.[0-9]{6}[0-9]*[1-9].*");

  private final String zone;
  private final String timestampFormat;
  private final String dateFormat;
  private final boolean caseSensitive;
  private final String valueTag;
  private final boolean strict;
  private transient IdentityHashMap places;
  private transient TimestampFormatter timestamps;
  private transient DateFormatter dates;

  /**
   * How values are read.
   *
   * @param zone of times without one
   * @param timestampFormat empty for Spark's own way
   * @param dateFormat empty for Spark's own way
   * @param caseSensitive whether the names of fields have to be spelled as those of columns
   * @param valueTag what XML's text is called beside attributes; empty for other formats
   * @param strict whether a value that does not fit ends the query, as nothing would take it
   */
  Fits(
      String zone,
      String timestampFormat,
      String dateFormat,
      boolean caseSensitive,
      String valueTag,
      boolean strict) {
    this.zone = zone;
    this.timestampFormat = timestampFormat;
    this.dateFormat = dateFormat;
    this.caseSensitive = caseSensitive;
    this.valueTag = valueTag;
    this.strict = strict;
  }

  /** Ends the query for what fits nowhere, where there is no column for such values. */
  void refuse(String what, String path) {
    if (strict) {
      throw new IllegalArgumentException(
          what + ", in " + path + ": name a rescuedDataColumn, which takes what does not fit, "
              + "or say the mode PERMISSIVE to have NULL instead");
    }
  }

  void refuse(String name, FileValue value, DataType type, String path) {
    refuse("column " + name + " has the value " + value.json() + ", and no "
        + type.simpleString(), path);
  }

  /** What became of a value. */
  static final class Result {
    /** In the column; null where it has none. */
    final Object value;

    /** JSON of what the column does not take; null for nothing. */
    final String rest;

    /** Whether the column takes nothing of it. */
    final boolean none;

    Result(Object value, String rest, boolean none) {
      this.value = value;
      this.rest = rest;
      this.none = none;
    }
  }

  private static final Result NOTHING = new Result(null, null, false);

  Result of(FileValue given, DataType type, boolean said, String path) {
    if (given.kind == FileValue.NULL) {
      return NOTHING;
    }
    Result found;
    if (type instanceof StructType) {
      found = given.kind == FileValue.OBJECT ? struct(given, (StructType) type, said, path) : null;
    } else if (type instanceof ArrayType) {
      found = given.kind == FileValue.ARRAY ? array(given, (ArrayType) type, said, path) : null;
    } else if (type instanceof MapType) {
      found = given.kind == FileValue.OBJECT ? map(given, (MapType) type, said, path) : null;
    } else {
      Object value = plain(bare(given), type, said);
      found = value == null ? null : new Result(value, null, false);
    }
    return found == null ? new Result(null, given.json(), true) : found;
  }

  /** The fields of an object in the columns of a struct; of repeated ones the last. */
  Object[] fields(
      FileValue given, StructType type, boolean said, StringBuilder rest, String path) {
    Object[] values = new Object[type.length()];
    HashMap byName = places(type);
    int[] last = new int[values.length];
    for (int at = 0; at < given.values.size(); at++) {
      Integer column = (Integer) byName.get(spelled(given.name(at)));
      if (column != null) {
        last[column.intValue()] = at;
      }
    }
    for (int at = 0; at < given.values.size(); at++) {
      FileValue value = given.value(at);
      Integer column = (Integer) byName.get(spelled(given.name(at)));
      if (column == null || last[column.intValue()] != at) {
        if (value.kind != FileValue.NULL) {
          if (column != null) {
            refuse("column " + given.name(at) + SEVERAL, path);
          }
          add(given.name(at), value.json(), rest);
        }
        continue;
      }
      StructField field = type.apply(column.intValue());
      boolean own = said || field.metadata().contains(SAID);
      Result found = of(value, field.dataType(), own, path);
      if (found.none) {
        refuse(given.name(at), value, field.dataType(), path);
      }
      values[column.intValue()] = found.value;
      if (found.rest != null) {
        add(given.name(at), found.rest, rest);
      }
    }
    return values;
  }

  static void add(String name, String json, StringBuilder rest) {
    rest.append(rest.length() == 0 ? "" : ",");
    FileValue.quote(name, rest);
    rest.append(':').append(json);
  }

  private Result struct(FileValue given, StructType type, boolean said, String path) {
    StringBuilder rest = new StringBuilder();
    Object[] values = fields(given, type, said, rest, path);
    String left = rest.length() == 0 ? null : "{" + rest + "}";
    return new Result(RowFactory.create(values), left, false);
  }

  private Result array(FileValue given, ArrayType type, boolean said, String path) {
    ArrayList values = new ArrayList();
    StringBuilder rest = new StringBuilder();
    boolean left = false;
    for (int at = 0; at < given.values.size(); at++) {
      Result found = of(given.value(at), type.elementType(), said, path);
      if (found.none) {
        return null;
      }
      values.add(found.value);
      left = left || found.rest != null;
      rest.append(at == 0 ? "" : ",").append(found.rest == null ? "null" : found.rest);
    }
    return new Result(values.toArray(), left ? "[" + rest + "]" : null, false);
  }

  private Result map(FileValue given, MapType type, boolean said, String path) {
    if (!(type.keyType() instanceof StringType)) {
      return null;
    }
    LinkedHashMap values = new LinkedHashMap();
    StringBuilder rest = new StringBuilder();
    HashMap last = new HashMap();
    for (int at = 0; at < given.values.size(); at++) {
      last.put(given.name(at), Integer.valueOf(at));
    }
    for (int at = 0; at < given.values.size(); at++) {
      boolean again = ((Integer) last.get(given.name(at))).intValue() != at;
      Result found = of(given.value(at), type.valueType(), said, path);
      if (found.none) {
        refuse(given.name(at), given.value(at), type.valueType(), path);
      }
      if (again && given.value(at).kind != FileValue.NULL) {
        refuse("key " + given.name(at) + SEVERAL, path);
        add(given.name(at), given.value(at).json(), rest);
      } else if (!again) {
        if (!found.none) {
          values.put(given.name(at), found.value);
        }
        if (found.rest != null) {
          add(given.name(at), found.rest, rest);
        }
      }
    }
    return new Result(values, rest.length() == 0 ? null : "{" + rest + "}", false);
  }

  /** XML's text without the array or the object that only other elements of its name need. */
  private FileValue bare(FileValue given) {
    FileValue found = given;
    while (!valueTag.isEmpty() && found.values.size() == 1) {
      boolean text = found.kind == FileValue.OBJECT && found.name(0).equals(valueTag);
      if (!text && found.kind != FileValue.ARRAY) {
        return found;
      }
      found = found.value(0);
    }
    return found;
  }

  private HashMap places(StructType type) {
    if (places == null) {
      places = new IdentityHashMap();
    }
    HashMap found = (HashMap) places.get(type);
    if (found == null) {
      found = new HashMap();
      for (int at = type.length() - 1; at >= 0; at--) {
        found.put(spelled(type.apply(at).name()), Integer.valueOf(at));
      }
      places.put(type, found);
    }
    return found;
  }

  private String spelled(String name) {
    return caseSensitive ? name : name.toLowerCase(Locale.ROOT);
  }

  /** A value of a type without parts; null where it is none. */
  private Object plain(FileValue given, DataType type, boolean said) {
    String text = given.text;
    if (type instanceof VarcharType) { // which is a StringType too
      return text.codePointCount(0, text.length()) <= ((VarcharType) type).length() ? text : null;
    }
    if (type instanceof CharType) {
      return text.codePointCount(0, text.length()) <= ((CharType) type).length() ? text : null;
    }
    if (type instanceof StringType) {
      return text;
    }
    if (type instanceof VariantType) {
      return variant(given);
    }
    boolean spells = given.kind == FileValue.TEXT;
    if (type instanceof DateType || type instanceof TimestampType
        || type instanceof TimestampNTZType) {
      boolean seconds = said && given.kind == FileValue.NUMBER && type instanceof TimestampType;
      return spells ? time(text.trim(), type) : seconds ? seconds(text) : null;
    }
    if (type instanceof BinaryType) {
      return spells ? bytes(text) : null;
    }
    if (spells && !said) {
      return null;
    }
    if (type instanceof BooleanType) {
      return given.kind == FileValue.NUMBER ? null : truth(text.trim());
    }
    return given.kind == FileValue.NUMBER || spells ? number(text.trim(), type) : null;
  }

  private static Object truth(String text) {
    if (text.equalsIgnoreCase("true")) {
      return Boolean.TRUE;
    }
    return text.equalsIgnoreCase("false") ? Boolean.FALSE : null;
  }

  private static Object bytes(String text) {
    try {
      byte[] found = Base64.getDecoder().decode(text);
      return Base64.getEncoder().encodeToString(found).equals(text) ? found : null;
    } catch (IllegalArgumentException error) {
      return null;
    }
  }

  private static Object variant(FileValue given) {
    if (!numbersFit(given)) {
      return null;
    }
    try {
      Variant found = VariantBuilder.parseJson(given.json(), false);
      return new VariantVal(found.getValue(), found.getMetadata());
    } catch (IOException error) {
      return null;
    } catch (RuntimeException error) {
      return null; // too large, or a name twice
    }
  }

  /** Whether a variant has each number: as a decimal of 38 digits, or else as a double. */
  private static boolean numbersFit(FileValue given) {
    if (given.kind == FileValue.NUMBER && fraction(given.text, true) == null) {
      if (!DIGITS.matcher(given.text).matches()) {
        return false;
      }
      BigDecimal exact = new BigDecimal(given.text);
      return exact.precision() <= 38 && exact.scale() <= 38;
    }
    for (int at = 0; at < given.values.size(); at++) {
      if (!numbersFit(given.value(at))) {
        return false;
      }
    }
    return true;
  }

  private Object time(String text, DataType type) {
    try {
      if (type instanceof DateType) {
        return date(text);
      }
      if (TOO_FINE.matcher(text).matches()) {
        return null; // it would be cut
      }
      if (!timestampFormat.isEmpty()) {
        if (timestamps == null) {
          timestamps = TimestampFormatter$.MODULE$.apply(timestampFormat, ZoneId.of(zone), true);
        }
        if (type instanceof TimestampType) {
          return DateTimeUtils.microsToInstant(timestamps.parse(text));
        }
        return DateTimeUtils.microsToLocalDateTime(timestamps.parseWithoutTimeZone(text, false));
      }
      if (!TIME.matcher(text).matches()) {
        return null; // a time alone would be one of today
      }
      UTF8String given = UTF8String.fromString(text);
      Option found =
          type instanceof TimestampType
              ? DateTimeUtils.stringToTimestamp(given, ZoneId.of(zone))
              : DateTimeUtils.stringToTimestampWithoutTimeZone(given, false);
      if (!found.isDefined()) {
        return null;
      }
      long micros = ((Long) found.get()).longValue();
      return type instanceof TimestampType
          ? (Object) DateTimeUtils.microsToInstant(micros)
          : (Object) DateTimeUtils.microsToLocalDateTime(micros);
    } catch (Exception error) {
      return null; // as formatters say that it is no time
    }
  }

  /** A moment as seconds since 1970, as Spark reads a number where an author wants a moment. */
  private static Object seconds(String text) {
    Object found = number(text, DataTypes.LongType);
    try {
      return found == null ? null : Instant.ofEpochSecond(((Long) found).longValue());
    } catch (RuntimeException error) {
      return null;
    }
  }

  private Object date(String text) {
    if (!dateFormat.isEmpty()) {
      if (dates == null) {
        dates = DateFormatter$.MODULE$.apply(dateFormat, true);
      }
      return LocalDate.ofEpochDay((long) dates.parse(text));
    }
    if (!DATE.matcher(text).matches()) {
      return null; // what stands behind the day would be cut
    }
    Option found = DateTimeUtils.stringToDate(UTF8String.fromString(text));
    return found.isDefined() ? LocalDate.ofEpochDay(((Integer) found.get()).longValue()) : null;
  }

  private static Object number(String text, DataType type) {
    if (type instanceof DoubleType || type instanceof FloatType) {
      return fraction(text, type instanceof DoubleType);
    }
    if (!NUMBER.matcher(text).matches()) {
      return null;
    }
    try {
      BigDecimal exact = new BigDecimal(text);
      exact = exact.signum() == 0 ? BigDecimal.ZERO : exact.stripTrailingZeros();
      if (type instanceof DecimalType) {
        DecimalType decimal = (DecimalType) type;
        int whole = exact.precision() - exact.scale();
        boolean fits = exact.scale() <= decimal.scale();
        fits = fits && whole <= decimal.precision() - decimal.scale();
        return fits || exact.signum() == 0 ? exact.setScale(decimal.scale()) : null;
      }
      if (exact.scale() > 0 || exact.precision() - exact.scale() > 19) {
        return null;
      }
      if (type instanceof LongType) {
        return Long.valueOf(exact.longValueExact());
      }
      if (type instanceof IntegerType) {
        return Integer.valueOf(exact.intValueExact());
      }
      if (type instanceof ShortType) {
        return Short.valueOf(exact.shortValueExact());
      }
      return type instanceof ByteType ? Byte.valueOf(exact.byteValueExact()) : null;
    } catch (ArithmeticException error) {
      return null;
    } catch (NumberFormatException error) {
      return null; // an exponent that no number has
    }
  }

  /** A number as a binary fraction that is written back as it was, or is that very number. */
  private static Object fraction(String text, boolean wide) {
    boolean written = NUMBER.matcher(text).matches();
    if (!written) {
      Double named = named(text);
      if (named == null) {
        return null;
      }
      return wide ? (Object) named : (Object) Float.valueOf(named.floatValue());
    }
    double value = wide ? Double.parseDouble(text) : (double) Float.parseFloat(text);
    Object found = wide ? (Object) Double.valueOf(value) : (Object) Float.valueOf((float) value);
    if (wide && SHORT.matcher(text).matches()) {
      return found; // fifteen digits are always written back
    }
    if (Double.isInfinite(value)) {
      return null;
    }
    try {
      BigDecimal exact = new BigDecimal(text);
      boolean same = new BigDecimal(found.toString()).compareTo(exact) == 0;
      return same || new BigDecimal(value).compareTo(exact) == 0 ? found : null;
    } catch (NumberFormatException error) {
      return null;
    }
  }

  private static Double named(String text) {
    if (text.equals("NaN")) {
      return Double.valueOf(Double.NaN);
    }
    String bare = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
    if (bare.equals("Infinity") || bare.equalsIgnoreCase("INF")) {
      boolean below = text.startsWith("-");
      return Double.valueOf(below ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
    }
    return null;
  }
}
