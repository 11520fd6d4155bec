package spark.jobserver.rest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.atomic.AtomicReference;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Version;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The description of the routes, for programs and for people, made anew when resources change. */
@Component(service = Documentation.class)
public final class Documentation {
  private final RestResources resources;
  private final String version;
  private final AtomicReference<Made> last = new AtomicReference<>();

  @Activate
  public Documentation(BundleContext context, @Reference RestResources resources) {
    this.resources = resources;
    Version bundle = context.getBundle().getVersion();
    this.version = bundle.getMajor() + "." + bundle.getMinor() + "." + bundle.getMicro();
  }

  /**
   * What was made.
   *
   * @param changes which resources it was made of
   * @param openApi JSON
   * @param page HTML
   */
  record Made(int changes, String openApi, String page) {}

  /** The description as it is now. Takes a moment when it must be made. */
  Made now() {
    int changes = resources.changes();
    Made made = last.get();
    if (made == null || made.changes() != changes) {
      ObjectNode document = OpenApiDocument.of(resources.classes(), version);
      made = new Made(changes, document.toString(), ApiPage.of(document));
      last.set(made);
    }
    return made;
  }
}
