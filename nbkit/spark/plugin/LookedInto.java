package nbkit;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;

/**
 * Whether a row is from a file that was looked into, so that all its columns are known.
 *
 * <p>Compiled by Janino, as ProjectCatalog is: no generics.
 */
public final class LookedInto implements UDF1, Serializable {

  private static final int LENGTH = 8;

  private final HashSet known;
  private transient String last;

  /**
   * Knows files.
   *
   * @param digests of the addresses of files, with spaces between them
   */
  public LookedInto(String digests) {
    known = new HashSet();
    String[] each = digests.split(" ");
    for (int at = 0; at < each.length; at++) {
      known.add(each[at]);
    }
  }

  /** The condition. */
  public Column of(Column path) {
    return functions.udf((UDF1) this, DataTypes.BooleanType).apply(new Column[] {path});
  }

  /** Ends the query where the file is another. */
  public Object call(Object path) throws Exception {
    if (!path.equals(last)) {
      String url = new Path((String) path).toUri().toString();
      if (!isKnown((String) path) && !isKnown(url)) {
        throw new IllegalStateException(
            "file " + path + " came while this update had begun: update once more");
      }
      last = (String) path;
    }
    return Boolean.TRUE;
  }

  /**
   * Spark asks about rows by the address of their file, and about files to read by their path, or
   * by an address with one slash where folders have names with values.
   */
  private boolean isKnown(String url) throws Exception {
    boolean local = url.startsWith("file:/") && !url.startsWith("file://");
    return known.contains(digest(local ? "file://" + url.substring("file:".length()) : url));
  }

  private static String digest(String address) throws Exception {
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(address.getBytes(StandardCharsets.UTF_8));
    StringBuilder hex = new StringBuilder();
    for (int at = 0; at < LENGTH; at++) {
      hex.append(Character.forDigit((digest[at] >> 4) & 15, 16));
      hex.append(Character.forDigit(digest[at] & 15, 16));
    }
    return hex.toString();
  }
}
