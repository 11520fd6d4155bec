package spark.jobserver.rest.integration;

import java.net.Socket;
import java.net.URI;
import java.net.http.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.concurrent.*;
import org.junit.jupiter.api.Test;
import org.osgi.framework.*;
import spark.jobserver.api.*;
import spark.jobserver.api.server.*;
import spark.jobserver.rest.*;

@SuppressWarnings("all")
class SpikeIT {
  static String raw(int port, String request) throws Exception {
    try (Socket s = new Socket("127.0.0.1", port)) {
      s.setSoTimeout(15000);
      s.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      s.getOutputStream().flush();
      StringBuilder b = new StringBuilder();
      try {
        int c;
        byte[] buf = new byte[8192];
        while ((c = s.getInputStream().read(buf)) >= 0)
          b.append(new String(buf, 0, c, StandardCharsets.UTF_8));
      } catch (java.io.IOException e) {
        b.append("<<" + e + ">>");
      }
      return b.toString();
    }
  }

  @Test
  void go() throws Exception {
    Map<String, String> props = new HashMap<>();
    if (System.getProperty("mode") != null)
      props.put("org.eclipse.jetty.UriComplianceMode", System.getProperty("mode"));
    props.put("org.apache.felix.http.timeout", "2000");
    props.put("org.slf4j.simpleLogger.defaultLogLevel", "info");
    try (Server server = new Server(props)) {
      BundleContext c = server.context();
      for (Bundle b : c.getBundles())
        if (b.getState() != Bundle.ACTIVE)
          System.out.println("NOT ACTIVE " + b + " " + b.getState());
      Object ca = c.getService(c.getServiceReference("org.osgi.service.cm.ConfigurationAdmin"));
      for (Map.Entry<String, Map<String, String>> e :
          Map.of(
                  "JakartarsServletWhiteboardRuntimeComponent",
                  Map.of(
                      "jersey.context.path", "/", "jersey.jakartars.whiteboard.name", "jobserver"),
                  "spark.jobserver.rest",
                  Map.<String, String>of("request-timeout", "40 s"))
              .entrySet()) {
        Object conf =
            ca.getClass()
                .getMethod("getConfiguration", String.class, String.class)
                .invoke(ca, e.getKey(), "?");
        var m = conf.getClass().getMethod("update", Dictionary.class);
        m.setAccessible(true);
        m.invoke(conf, new Hashtable<>(e.getValue()));
      }
      FakeBinaries binaries = new FakeBinaries().with("a", BinaryType.EGG);
      FakeJobs jobs = new FakeJobs();
      FakeContexts contexts = new FakeContexts();
      c.registerService(Binaries.class, binaries, null);
      c.registerService(Jobs.class, jobs, null);
      c.registerService(Contexts.class, contexts, null);
      c.registerService(Health.class, () -> Optional.empty(), null);
      ServiceReference<?> rt = null;
      int port = 0;
      for (int i = 0; i < 200; i++) {
        var r = c.getServiceReference("org.osgi.service.servlet.runtime.HttpServiceRuntime");
        if (r != null) {
          var ep = r.getProperty("osgi.http.endpoint");
          System.out.println(Arrays.toString((String[]) ep));
          port = URI.create(((String[]) ep)[0]).getPort();
          break;
        }
        Thread.sleep(50);
      }
      for (int i = 0; i < 200; i++) {
        if (raw(port, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .contains(" 200 ")) break;
        Thread.sleep(50);
      }
      for (String req :
          List.of(
              "GET /healthz",
              "GET /binaries",
              "GET /binaries/a%2Fb",
              "GET /binaries/%2e%2e",
              "GET /binaries/..",
              "GET /binaries/%2e",
              "GET /binaries/a%20b",
              "GET /binaries/a+b",
              "GET /binaries/%C3%A4%E2%82%AC",
              "GET /binaries/a;b=1",
              "GET /binaries/a%3Bb",
              "GET /binaries/a%25b",
              "GET /binaries/a%5Cb",
              "GET /binaries/%FF",
              "GET /binaries/a%00b",
              "GET /binaries/x/y",
              "GET /binaries//x",
              "GET /binaries/",
              "GET /nothing",
              "PUT /jobs",
              "GET /jobs?limit=x",
              "GET /jobs?limit=1&limit=3",
              "GET /jobs?limit=%zz",
              "GET /jobs?status=a%FFb",
              "GET /application.wadl",
              "OPTIONS /jobs",
              "HEAD /binaries",
              "GET /binaries/a%zz",
              "GET /",
              "GET /binaries/a:b",
              "GET /binaries/a%7Bb%7D",
              "GET /binaries/{b}",
              "GET /jobs?limit={x}",
              "GET /contexts/a/../b",
              "GET /binaries/ä",
              "GET /contexts"))
        System.out.println(
            "### "
                + req
                + "\n"
                + raw(port, req + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
      for (String ct :
          List.of(
              "Content-Type: foo\r\n", "Content-Type: application/x-www-form-urlencoded\r\n", ""))
        for (String body : List.of("", "a=1"))
          System.out.println(
              "### POST "
                  + ct
                  + " "
                  + body
                  + "\n"
                  + raw(
                      port,
                      "POST /jobs?appName=a&classPath=b&context=c&timeout=0&sync=true HTTP/1.1\r\nHost: x\r\n"
                          + ct
                          + "Connection: close\r\nContent-Length: "
                          + body.length()
                          + "\r\n\r\n"
                          + body)
                  + jobs.submitted);
      System.out.println(
          "### 415 early\n"
              + raw(
                  port,
                  "POST /binaries/q HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n"
                      + "P".repeat(20000000)));
      // async + reload
      System.out.println("### ASYNC");
      int p = port;
      var f =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return raw(
                      p,
                      "POST /jobs?appName=a&classPath=b&context=c&timeout=30&sync=true HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\na=1");
                } catch (Exception e) {
                  return e.toString();
                }
              });
      jobs.submission.get();
      Thread.sleep(3500);
      if (System.getProperty("reload") != null) {
        Dictionary<String, Object> d = new Hashtable<>();
        d.put("osgi.jakartars.extension", true);
        d.put("osgi.jakartars.name", "x");
        long t = System.nanoTime();
        Class<?> filter =
            server.context().getBundles().length > 0
                ? Arrays.stream(c.getBundles())
                    .filter(b -> b.getSymbolicName().equals("jakarta.ws.rs-api"))
                    .findFirst()
                    .get()
                    .loadClass("jakarta.ws.rs.container.ContainerRequestFilter")
                : null;
        Object proxy =
            java.lang.reflect.Proxy.newProxyInstance(
                filter.getClassLoader(),
                new Class<?>[] {filter},
                (a, b, x) -> {
                  if (b.getName().equals("hashCode")) return 1;
                  if (b.getName().equals("equals")) return a == x[0];
                  return null;
                });
        c.registerService("jakarta.ws.rs.container.ContainerRequestFilter", proxy, d);
        Thread.sleep(1000);
      }
      jobs.started.complete(null);
      jobs.ended.complete(
          new Jobs.Ended(
              FakeJobs.ended("j-1", JobState.FINISHED),
              Optional.of(Content.of("[1,\"ä\"]".getBytes(StandardCharsets.UTF_8)))));
      System.out.println("### SYNC RESULT\n" + f.get(20, TimeUnit.SECONDS));
    }
  }
}
