/**
 * The operator's shell: a session of Gogo for each connection to a UNIX domain socket.
 *
 * <p>Both ends speak in lines of UTF-8, each with a line feed. The server begins with {@code
 * ready}, or with {@code refused} and the reason, and then closes. The client sends a command as a
 * line. The server answers with the lines that the command prints, each after a blank, or after an
 * exclamation mark where it is an error, and then with a line {@code ok} or {@code failed}: no
 * output can be taken for these. Where the server ends a session it says {@code bye} and the
 * reason. A client passes over lines that it does not know. {@link spark.jobserver.shell.Wire} has
 * the words.
 */
package spark.jobserver.shell;
