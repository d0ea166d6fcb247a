package nbkit;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.regex.Pattern;

/**
 * A value as it stands in a file: nothing of how it is written is lost.
 *
 * <p>Compiled by Janino, as ProjectCatalog is: no generics.
 */
final class FileValue {

  static final int NULL = 0;
  static final int TEXT = 1;
  static final int NUMBER = 2;
  static final int BOOLEAN = 3;
  static final int OBJECT = 4;
  static final int ARRAY = 5;

  private static final Pattern JSON_NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

  final int kind;

  /** Of a text: the text; of others: what stands in the file. */
  final String text;

  /** Names of an object's fields, in their order, repeated ones too. */
  final ArrayList names = new ArrayList();

  /** Values of an object's fields, or of an array. */
  final ArrayList values = new ArrayList();

  private FileValue(int kind, String text) {
    this.kind = kind;
    this.text = text;
  }

  static FileValue ofText(String text) {
    return new FileValue(TEXT, text);
  }

  /** The value at which a parser stands; it is left at its end. */
  static FileValue read(JsonParser parser, String source) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY) {
      return readWhole(parser, source, token == JsonToken.START_OBJECT);
    }
    if (token == JsonToken.VALUE_STRING) {
      return new FileValue(TEXT, parser.getText());
    }
    if (token == JsonToken.VALUE_NUMBER_INT || token == JsonToken.VALUE_NUMBER_FLOAT) {
      return new FileValue(NUMBER, parser.getText());
    }
    if (token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE) {
      return new FileValue(BOOLEAN, parser.getText());
    }
    if (token == JsonToken.VALUE_NULL) {
      return new FileValue(NULL, "null");
    }
    throw new IOException("no value: " + token);
  }

  private static FileValue readWhole(JsonParser parser, String source, boolean object)
      throws IOException {
    int begin = (int) parser.currentTokenLocation().getCharOffset();
    ArrayList names = new ArrayList();
    ArrayList values = new ArrayList();
    JsonToken end = object ? JsonToken.END_OBJECT : JsonToken.END_ARRAY;
    JsonToken token = parser.nextToken();
    while (token != end) {
      if (token == null) {
        throw new IOException("it ends too early");
      }
      if (object) {
        names.add(parser.currentName());
        parser.nextToken();
      }
      values.add(read(parser, source));
      token = parser.nextToken();
    }
    String text = source.substring(begin, (int) parser.currentLocation().getCharOffset());
    FileValue found = new FileValue(object ? OBJECT : ARRAY, text);
    found.names.addAll(names);
    found.values.addAll(values);
    return found;
  }

  FileValue value(int place) {
    return (FileValue) values.get(place);
  }

  String name(int place) {
    return (String) names.get(place);
  }

  /** The value as strict JSON, its numbers as they stand in the file. */
  String json() {
    StringBuilder into = new StringBuilder();
    write(into);
    return into.toString();
  }

  private void write(StringBuilder into) {
    if (kind == TEXT || (kind == NUMBER && !JSON_NUMBER.matcher(text).matches())) {
      quote(text, into);
    } else if (kind == OBJECT || kind == ARRAY) {
      into.append(kind == OBJECT ? '{' : '[');
      for (int place = 0; place < values.size(); place++) {
        if (place > 0) {
          into.append(',');
        }
        if (kind == OBJECT) {
          quote(name(place), into);
          into.append(':');
        }
        value(place).write(into);
      }
      into.append(kind == OBJECT ? '}' : ']');
    } else {
      into.append(text);
    }
  }

  static void quote(String text, StringBuilder into) {
    into.append('"').append(JsonStringEncoder.getInstance().quoteAsString(text)).append('"');
  }
}
