package nbkit;

import java.util.IdentityHashMap;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.Function1;
import scala.runtime.AbstractPartialFunction;

/**
 * A plan with some of its leaves, those of its subqueries too, replaced by others.
 *
 * <p>Compiled by Janino, as ProjectCatalog is: no generics.
 */
public final class Replaced extends AbstractPartialFunction {

  private final IdentityHashMap leaves = new IdentityHashMap();

  /** Let a leaf be replaced. */
  public void add(LogicalPlan leaf, LogicalPlan by) {
    leaves.put(leaf, by);
  }

  /** The plan with the other leaves. */
  public LogicalPlan of(LogicalPlan plan) {
    return (LogicalPlan) plan.transformWithSubqueries(this);
  }

  public boolean isDefinedAt(Object plan) {
    return leaves.containsKey(plan);
  }

  public Object applyOrElse(Object plan, Function1 otherwise) {
    Object found = leaves.get(plan);
    return found == null ? otherwise.apply(plan) : found;
  }
}
