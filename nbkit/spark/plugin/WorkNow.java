package nbkit;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.JobExecutionStatus;
import org.apache.spark.SparkContext;
import org.apache.spark.status.AppStatusStore;
import org.apache.spark.status.api.v1.JobData;
import org.apache.spark.status.api.v1.StageData;
import org.apache.spark.status.api.v1.StageStatus;
import scala.collection.Iterator;

/** What Spark works on right now for one of those who share it, from its own status store. */
public final class WorkNow {
    private WorkNow() {}

    /**
     * Returns how many jobs with a tag run, then of their stages and of their tasks how many are done
     * and how many there are, all separated by blanks; empty if none runs.
     */
    public static String of(SparkContext context, String tag) {
        AppStatusStore store = context.statusStore();
        Iterator jobs = store.jobsList(List.of(JobExecutionStatus.RUNNING)).iterator();
        TreeMap stages = null;
        Set counted = new HashSet();
        int running = 0;
        while (jobs.hasNext()) {
            JobData job = (JobData) jobs.next();
            if (!job.jobTags().contains(tag)) {
                continue;
            }
            if (stages == null) {
                stages = known(store);
            }
            running += 1;
            needed(job, stages, counted);
        }
        return running == 0 ? "" : running + " " + summed(stages, counted);
    }

    /** Adds the stages of a job that run: those whose output is there from before never do. */
    private static void needed(JobData job, TreeMap stages, Set into) {
        int first = Integer.MAX_VALUE;
        int last = Integer.MIN_VALUE;
        int outcome = Integer.MIN_VALUE;
        TreeMap own = new TreeMap();
        Iterator ids = job.stageIds().iterator();
        while (ids.hasNext()) {
            Integer id = (Integer) ids.next();
            outcome = Math.max(outcome, id.intValue());
            StageData stage = (StageData) stages.get(id);
            if (stage != null && stage.status() != StageStatus.SKIPPED) {
                own.put(id, stage);
                if (stage.status() != StageStatus.PENDING) {
                    first = Math.min(first, id.intValue());
                    last = Math.max(last, id.intValue());
                }
            }
        }
        java.util.Iterator each = own.values().iterator();
        while (each.hasNext()) {
            StageData stage = (StageData) each.next();
            // Spark begins with every stage that waits for none, and numbers a stage after those that
            // it needs: what is pending before the first, or when the last one runs, is not run.
            boolean pending = stage.status() == StageStatus.PENDING;
            if (!pending || (last != outcome && (last < 0 || stage.stageId() > first))) {
                into.add(Integer.valueOf(stage.stageId()));
            }
        }
    }

    private static String summed(TreeMap stages, Set counted) {
        int done = 0;
        int tasks = 0;
        int tasksDone = 0;
        java.util.Iterator ids = counted.iterator();
        while (ids.hasNext()) {
            StageData stage = (StageData) stages.get(ids.next());
            done += stage.status() == StageStatus.COMPLETE ? 1 : 0;
            tasks += stage.numTasks();
            tasksDone += Math.min(stage.numCompletedIndices(), stage.numTasks());
        }
        return done + " " + counted.size() + " " + tasksDone + " " + tasks;
    }

    /** Returns the latest attempt of each stage that the store still has. */
    private static TreeMap known(AppStatusStore store) {
        TreeMap found = new TreeMap();
        Iterator stages = store.stageList(null, false, false, new double[0], null).iterator();
        while (stages.hasNext()) {
            StageData stage = (StageData) stages.next();
            StageData before = (StageData) found.get(Integer.valueOf(stage.stageId()));
            if (before == null || before.attemptId() < stage.attemptId()) {
                found.put(Integer.valueOf(stage.stageId()), stage);
            }
        }
        return found;
    }
}
