package routes;

import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;

/** Answers what its path ends with. */
@Path("/plugin/echo")
public final class Echo {
  @GET
  @Path("{word}")
  public String read(@PathParam("word") String word) {
    return word;
  }

  @DELETE
  @Path("{word}")
  public String remove(@PathParam("word") String word) {
    return word;
  }
}
