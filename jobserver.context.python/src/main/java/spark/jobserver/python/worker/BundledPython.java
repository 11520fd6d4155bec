package spark.jobserver.python.worker;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * The Python files that bundles carry, unpacked for one context.
 *
 * @param library a folder for the head of the path: our modules and the extension's
 * @param wheels wheels for the end of the path
 * @param executors all of it in one zip file for executors, named by its content
 */
record BundledPython(Path library, List<Path> wheels, Path executors) {
  private static final String MODULES = "META-INF/python/sparkjobserver/";
  private static final String WHEELS = "META-INF/python/wheels/";

  /**
   * @param bundles jars, the factory's own first; one of them carries our modules
   * @param extensions folders in the factory's own jar that hold modules
   * @param folder where to unpack
   */
  static BundledPython unpack(List<Path> bundles, List<String> extensions, Path folder)
      throws IOException {
    NavigableMap<String, byte[]> modules = new TreeMap<>();
    NavigableMap<String, byte[]> wheels = new TreeMap<>();
    for (Path bundle : bundles) {
      try (ZipFile jar = new ZipFile(bundle.toFile())) {
        if (modules.isEmpty()) {
          read(jar, MODULES).forEach((name, bytes) -> modules.put("sparkjobserver/" + name, bytes));
          wheels.putAll(read(jar, WHEELS));
        }
      }
    }
    if (modules.isEmpty()) {
      throw new FileNotFoundException("no " + MODULES + " in any of " + bundles);
    }
    for (String extension : extensions) {
      try (ZipFile jar = new ZipFile(bundles.get(0).toFile())) {
        NavigableMap<String, byte[]> files =
            read(jar, extension.endsWith("/") ? extension : extension + "/");
        if (files.isEmpty()) {
          throw new FileNotFoundException(
              "pythonFiles: there is no folder " + extension + " in " + bundles.get(0));
        }
        files.forEach(modules::putIfAbsent);
      }
    }
    return new BundledPython(
        library(modules, folder),
        wheelFiles(wheels, Files.createDirectories(folder.resolve("wheels"))),
        executors(modules, wheels, folder));
  }

  /** The module that executors run as their daemon. It needs no other of ours. */
  Path executorDaemon() {
    return library.resolve("sparkjobserver").resolve("_executor").resolve("daemon.py");
  }

  /** Whether this jar is the bundle that carries our modules. */
  static boolean isIn(Path bundle) throws IOException {
    try (ZipFile jar = new ZipFile(bundle.toFile())) {
      return jar.stream().anyMatch(entry -> entry.getName().startsWith(MODULES));
    }
  }

  private static Path library(NavigableMap<String, byte[]> modules, Path folder)
      throws IOException {
    Path library = Files.createDirectories(folder.resolve("lib")).toAbsolutePath().normalize();
    for (var module : modules.entrySet()) {
      Path file = library.resolve(module.getKey()).normalize();
      if (!file.startsWith(library)) {
        throw new IOException("a bundle holds a file called " + module.getKey());
      }
      Files.createDirectories(file.getParent());
      Files.write(file, module.getValue());
    }
    return library;
  }

  private static List<Path> wheelFiles(NavigableMap<String, byte[]> wheels, Path folder)
      throws IOException {
    List<Path> files = new ArrayList<>();
    for (var wheel : wheels.entrySet()) {
      files.add(Files.write(folder.resolve(wheel.getKey()), wheel.getValue()).toAbsolutePath());
    }
    return List.copyOf(files);
  }

  private static Path executors(
      NavigableMap<String, byte[]> modules, NavigableMap<String, byte[]> wheels, Path folder)
      throws IOException {
    NavigableMap<String, byte[]> all = new TreeMap<>(modules);
    for (byte[] wheel : wheels.values()) {
      try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(wheel))) {
        for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
          if (!entry.isDirectory()) {
            all.putIfAbsent(entry.getName(), in.readAllBytes());
          }
        }
      }
    }
    byte[] zip = zip(all);
    return Files.write(folder.resolve("jobserver-" + sha256(zip).substring(0, 16) + ".zip"), zip);
  }

  private static byte[] zip(NavigableMap<String, byte[]> files) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (var file : files.entrySet()) {
        ZipEntry entry = new ZipEntry(file.getKey());
        entry.setTime(0);
        out.putNextEntry(entry);
        out.write(file.getValue());
      }
    }
    return bytes.toByteArray();
  }

  /** The files below a folder of a jar, by their names within it. */
  private static NavigableMap<String, byte[]> read(ZipFile jar, String folder) throws IOException {
    NavigableMap<String, byte[]> files = new TreeMap<>();
    for (ZipEntry entry : jar.stream().toList()) {
      if (!entry.isDirectory() && entry.getName().startsWith(folder)) {
        try (InputStream in = jar.getInputStream(entry)) {
          files.put(entry.getName().substring(folder.length()), in.readAllBytes());
        }
      }
    }
    return files;
  }

  /** The SHA-256 of bytes in hexadecimal. */
  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }
}
