package spark.jobserver.callback;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Finds the addresses that a name stands for. */
@FunctionalInterface
interface Lookup {
  /**
   * Asks the name service; an address stands for itself.
   *
   * @throws UnknownHostException when the name stands for none
   */
  InetAddress[] find(String host) throws UnknownHostException;
}
