package spark.jobserver.rest;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.lang.management.ThreadMXBean;
import java.util.Map;
import java.util.TreeMap;

/** What the Java virtual machine says of itself: sizes in bytes, times in milliseconds. */
final class JvmGauges {
  private JvmGauges() {}

  /** The gauges by name, as they are now. */
  static Map<String, Long> read() {
    Map<String, Long> gauges = new TreeMap<>();
    memory(gauges, "heap", ManagementFactory.getMemoryMXBean().getHeapMemoryUsage());
    memory(gauges, "non-heap", ManagementFactory.getMemoryMXBean().getNonHeapMemoryUsage());
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    gauges.put("jvm.threads.count", (long) threads.getThreadCount());
    gauges.put("jvm.threads.daemon.count", (long) threads.getDaemonThreadCount());
    gauges.put("jvm.threads.peak.count", (long) threads.getPeakThreadCount());
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      String name = "jvm.gc." + collector.getName().replace(' ', '-');
      gauges.put(name + ".count", collector.getCollectionCount());
      gauges.put(name + ".time", collector.getCollectionTime());
    }
    gauges.put("jvm.uptime", ManagementFactory.getRuntimeMXBean().getUptime());
    gauges.put(
        "jvm.classes.loaded",
        (long) ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
      gauges.put("jvm.files.open", unix.getOpenFileDescriptorCount());
      gauges.put("jvm.files.max", unix.getMaxFileDescriptorCount());
    }
    return gauges;
  }

  /** A limit that is not set is -1. */
  private static void memory(Map<String, Long> gauges, String area, MemoryUsage usage) {
    String name = "jvm.memory." + area;
    gauges.put(name + ".used", usage.getUsed());
    gauges.put(name + ".committed", usage.getCommitted());
    gauges.put(name + ".max", usage.getMax());
  }
}
