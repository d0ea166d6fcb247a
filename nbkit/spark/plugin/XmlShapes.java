package nbkit;

import java.io.InputStream;
import java.io.Serializable;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import javax.xml.stream.XMLEventReader;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.events.Attribute;
import javax.xml.stream.events.StartElement;
import javax.xml.stream.events.XMLEvent;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.catalyst.xml.StaxXmlParserUtils;
import org.apache.spark.sql.catalyst.xml.XmlOptions;
import org.apache.spark.sql.catalyst.xml.XmlTokenizer;
import org.apache.spark.sql.execution.datasources.CodecStreams;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.Option;

/**
 * What records of XML are made of: all that any of them has, at every level.
 *
 * <p>Spark's own inference takes an element for text as soon as one record has only text in it, and
 * its reader leaves out what is not among the columns. Compiled by Janino: no generics.
 */
public final class XmlShapes implements UDF1, Serializable {

  final XmlOptions options;
  private final SerializableConfiguration hadoop;

  public XmlShapes(XmlOptions options, SerializableConfiguration hadoop) {
    this.options = options;
    this.hadoop = hadoop;
  }

  /** The column of the types that files have, as JSON, with a text wherever there is a value. */
  public Column of(Column path) {
    return functions.udf((UDF1) this, DataTypes.StringType).apply(new Column[] {path});
  }

  /** The type of a file's records; broken ones have no part in it. */
  public Object call(Object path) throws Exception {
    Shape shape = new Shape("");
    Path file = new Path(new URI((String) path));
    InputStream stream = CodecStreams.createInputStream(hadoop.value(), file);
    try {
      XmlTokenizer records = new XmlTokenizer(stream, options);
      for (Option next = records.next(); next.isDefined(); next = records.next()) {
        Shape record = new Shape("");
        try {
          look((String) next.get(), record);
        } catch (XMLStreamException broken) {
          continue;
        } catch (RuntimeException broken) {
          continue;
        }
        shape.take(record);
      }
    } finally {
      stream.close();
    }
    return shape.columns().json();
  }

  private void look(String record, Shape into) throws XMLStreamException {
    XMLEventReader reader = StaxXmlParserUtils.filteredReader(record);
    while (reader.hasNext()) {
      XMLEvent event = reader.nextEvent();
      if (event.isStartElement()) {
        inside(reader, event.asStartElement(), into);
        return;
      }
    }
  }

  /** Looks into an element until its end. */
  private void inside(XMLEventReader reader, StartElement start, Shape into)
      throws XMLStreamException {
    HashMap times = new HashMap();
    for (Iterator each = start.getAttributes(); each.hasNext(); ) {
      if (!options.excludeAttributeFlag()) {
        Attribute attribute = (Attribute) each.next();
        String name = StaxXmlParserUtils.getName(attribute.getName(), options);
        into.inner(options.attributePrefix() + name, times);
      } else {
        each.next();
      }
    }
    int texts = 0;
    while (reader.hasNext()) {
      XMLEvent event = reader.nextEvent();
      if (event.isEndElement()) {
        break;
      }
      if (event.isStartElement()) {
        String name = StaxXmlParserUtils.getName(event.asStartElement().getName(), options);
        inside(reader, event.asStartElement(), into.inner(name, times));
      } else if (event.isCharacters() && !event.asCharacters().isWhiteSpace()) {
        texts++;
      }
    }
    into.texts = Math.max(into.texts, texts);
  }

  /** What elements of a name are made of. */
  final class Shape {
    final String name;
    final LinkedHashMap parts = new LinkedHashMap();
    int texts;
    boolean repeated;

    Shape(String name) {
      this.name = name;
    }

    /** The part of a name, which comes once more. */
    Shape inner(String called, HashMap times) {
      String key = called.toLowerCase(Locale.ROOT);
      Shape found = part(called);
      found.repeated |= times.put(key, key) != null;
      return found;
    }

    Shape part(String called) {
      String key = called.toLowerCase(Locale.ROOT);
      Shape found = (Shape) parts.get(key);
      if (found == null) {
        found = new Shape(called);
        parts.put(key, found);
      }
      return found;
    }

    /** Takes all that another one has. */
    void take(Shape other) {
      texts = Math.max(texts, other.texts);
      repeated |= other.repeated;
      for (Iterator each = other.parts.values().iterator(); each.hasNext(); ) {
        Shape theirs = (Shape) each.next();
        part(theirs.name).take(theirs);
      }
    }

    StructType columns() {
      ArrayList fields = new ArrayList();
      for (Iterator each = parts.values().iterator(); each.hasNext(); ) {
        Shape part = (Shape) each.next();
        fields.add(field(part.name, part.repeated ? many(part.one()) : part.one()));
      }
      if (texts > 0) {
        DataType text = DataTypes.StringType;
        fields.add(field(options.valueTag(), texts > 1 ? many(text) : text));
      }
      return new StructType((StructField[]) fields.toArray(new StructField[0]));
    }

    DataType one() {
      return parts.isEmpty() ? DataTypes.StringType : columns();
    }

    DataType many(DataType one) {
      return DataTypes.createArrayType(one);
    }

    StructField field(String called, DataType type) {
      return new StructField(called, type, true, Metadata.empty());
    }
  }
}
