package nbkit;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DayTimeIntervalType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;
import org.apache.spark.sql.types.YearMonthIntervalType;
import scala.Function1;
import scala.runtime.AbstractPartialFunction;

/**
 * Expressions with their columns replaced by other expressions.
 *
 * <p>Compiled by Janino, as ProjectCatalog is: no generics.
 */
public final class Substituted extends AbstractPartialFunction {

  private final Map columns = new HashMap();

  /** Let a column be replaced. */
  public void add(ExprId column, Expression by) {
    columns.put(column, by);
  }

  /** The expression over the other columns. */
  public Expression of(Expression expression) {
    return (Expression) expression.transform(this);
  }

  /** Whether all values in it are of types whose equal values are the same in every way. */
  public static boolean exact(Expression expression) {
    if (!expression.deterministic() || !exact(expression.dataType())) {
      return false;
    }
    for (int i = 0; i < expression.children().size(); i++) {
      if (!exact((Expression) expression.children().apply(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean exact(DataType type) {
    if (type instanceof StructType) {
      StructType struct = (StructType) type;
      for (int i = 0; i < struct.fields().length; i++) {
        if (!exact(struct.fields()[i].dataType())) {
          return false;
        }
      }
      return true;
    }
    if (type instanceof StringType) {
      return ((StringType) type).supportsBinaryEquality();
    }
    if (type instanceof ArrayType) {
      return exact(((ArrayType) type).elementType());
    }
    return type instanceof IntegralType || type instanceof DecimalType
        || type instanceof BooleanType || type instanceof BinaryType || type instanceof DateType
        || type instanceof TimestampType || type instanceof TimestampNTZType
        || type instanceof DayTimeIntervalType || type instanceof YearMonthIntervalType
        || type instanceof NullType;
  }

  public boolean isDefinedAt(Object part) {
    return part instanceof AttributeReference
        && columns.containsKey(((AttributeReference) part).exprId());
  }

  public Object applyOrElse(Object part, Function1 otherwise) {
    return isDefinedAt(part) ? columns.get(((AttributeReference) part).exprId())
        : otherwise.apply(part);
  }
}
