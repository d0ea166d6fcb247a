package nbkit;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import javax.management.ObjectName;

/** Gives the memory of an idle JVM back to the machine. */
public final class IdleMemory {
    private static final String LEAST = "MinHeapFreeRatio";
    private static final String MOST = "MaxHeapFreeRatio";

    private IdleMemory() {}

    /** Collects garbage into a heap that is hardly larger than what is in it, then lets it grow again. */
    public static void giveBack() throws Exception {
        HotSpotDiagnosticMXBean options =
            (HotSpotDiagnosticMXBean) ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        String least = options.getVMOption(LEAST).getValue();
        String most = options.getVMOption(MOST).getValue();
        options.setVMOption(LEAST, "5");
        options.setVMOption(MOST, "10");
        try {
            System.gc();
            System.gc();
        } finally {
            options.setVMOption(MOST, most);
            options.setVMOption(LEAST, least);
        }
        trim();
    }

    /** Lets the C library give back what it keeps of freed memory; only Linux's has to be asked. */
    private static void trim() {
        try {
            ManagementFactory.getPlatformMBeanServer().invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                "systemTrimNativeHeap", null, null);
        } catch (Exception notThere) {
            return;
        }
    }
}
