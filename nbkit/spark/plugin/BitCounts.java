package nbkit;

import java.io.Serializable;
import java.nio.ByteBuffer;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.aggregate.ImperativeAggregate;
import org.apache.spark.sql.catalyst.expressions.aggregate.TypedImperativeAggregate;
import org.apache.spark.sql.classic.ExpressionUtils$;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Nil$;
import scala.collection.immutable.Seq;

/**
 * An aggregate: of a whole number, in how many rows each of its 64 bits is set, lowest bit first.
 *
 * <p>Spark pays for every aggregate of an observation with every row. This is one for all bits, and
 * a row without any, which is most of them, costs it next to nothing.
 *
 * <p>Compiled by Janino, as ProjectCatalog is: no generics.
 */
public final class BitCounts extends TypedImperativeAggregate implements Serializable {

  private static final int BITS = 64;

  private final Expression word;
  private final int mutableOffset;
  private final int inputOffset;

  public BitCounts(Expression word, int mutableOffset, int inputOffset) {
    this.word = word;
    this.mutableOffset = mutableOffset;
    this.inputOffset = inputOffset;
  }

  /** The aggregate as a column, of a column of type bigint. */
  public static Column of(Column word) {
    Expression given = ExpressionUtils$.MODULE$.expression(word);
    BitCounts counts = new BitCounts(given, 0, 0);
    return ExpressionUtils$.MODULE$.column(counts.toAggregateExpression());
  }

  public Object createAggregationBuffer() {
    return new long[BITS];
  }

  public Object update(Object buffer, InternalRow row) {
    Object set = word.eval(row);
    if (set != null) {
      long[] counts = (long[]) buffer;
      for (long left = ((Long) set).longValue(); left != 0; left &= left - 1) {
        counts[Long.numberOfTrailingZeros(left)]++;
      }
    }
    return buffer;
  }

  public Object merge(Object buffer, Object others) {
    long[] counts = (long[]) buffer;
    long[] more = (long[]) others;
    for (int bit = 0; bit < BITS; bit++) {
      counts[bit] += more[bit];
    }
    return buffer;
  }

  public Object eval(Object buffer) {
    return UnsafeArrayData.fromPrimitiveArray((long[]) buffer);
  }

  public byte[] serialize(Object buffer) {
    ByteBuffer bytes = ByteBuffer.allocate(BITS * Long.BYTES);
    bytes.asLongBuffer().put((long[]) buffer);
    return bytes.array();
  }

  public Object deserialize(byte[] bytes) {
    long[] counts = new long[BITS];
    ByteBuffer.wrap(bytes).asLongBuffer().get(counts);
    return counts;
  }

  public DataType dataType() {
    return DataTypes.createArrayType(DataTypes.LongType, false);
  }

  public boolean nullable() {
    return false;
  }

  public String prettyName() {
    return "nbkit_bit_counts";
  }

  public int mutableAggBufferOffset() {
    return mutableOffset;
  }

  public int inputAggBufferOffset() {
    return inputOffset;
  }

  public ImperativeAggregate withNewMutableAggBufferOffset(int offset) {
    return new BitCounts(word, offset, inputOffset);
  }

  public ImperativeAggregate withNewInputAggBufferOffset(int offset) {
    return new BitCounts(word, mutableOffset, offset);
  }

  public Seq children() {
    return Nil$.MODULE$.$colon$colon(word);
  }

  public Expression withNewChildrenInternal(IndexedSeq children) {
    return new BitCounts((Expression) children.apply(0), mutableOffset, inputOffset);
  }

  public int productArity() {
    return 3;
  }

  public Object productElement(int place) {
    return place == 0 ? (Object) word : Integer.valueOf(place == 1 ? mutableOffset : inputOffset);
  }

  public boolean canEqual(Object other) {
    return other instanceof BitCounts;
  }

  public boolean equals(Object other) {
    if (!(other instanceof BitCounts)) {
      return false;
    }
    BitCounts that = (BitCounts) other;
    return word.equals(that.word)
        && mutableOffset == that.mutableOffset
        && inputOffset == that.inputOffset;
  }

  public int hashCode() {
    return 31 * (31 * word.hashCode() + mutableOffset) + inputOffset;
  }
}
