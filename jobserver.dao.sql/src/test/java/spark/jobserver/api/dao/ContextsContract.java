package spark.jobserver.api.dao;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;

/** Contexts and their drivers. */
abstract class ContextsContract extends ContractChapter {
  @Test
  void aContextIsFoundAsItWasInsertedAndUpdated() {
    Context started = context("python", TIME);
    assertThat(dao.insertContext(started)).isTrue();
    assertThat(dao.context(started.id())).contains(started);

    Context running = started.running("app-1", Optional.of("http://localhost:4040"));
    Context stopping = running.stopping();
    Context killed = stopping.ended(ContextState.KILLED, TIME.plusMillis(9), Optional.of(FAILURE));
    for (Context next : List.of(running, stopping, killed)) {
      assertThat(dao.updateContext(next)).isTrue();
      assertThat(dao.context(next.id())).contains(next);
      assertThat(dao.latestContext("python")).contains(next);
    }
    assertThat(dao.activeContexts()).isEmpty();
  }

  @Test
  void aContextWithNothingOptionalIsFoundAsItWasInserted() {
    Context bare = Context.started(id(), "python", "", "", TIME, "", "");
    assertThat(dao.insertContext(bare)).isTrue();
    assertThat(dao.context(bare.id())).contains(bare);

    Context running = bare.running("", Optional.empty());
    assertThat(dao.updateContext(running)).isTrue();
    Context ended = running.ended(ContextState.ERROR, TIME, Optional.of(new Failure("", "", "")));
    assertThat(dao.updateContext(ended)).isTrue();
    assertThat(dao.context(bare.id())).contains(ended);
  }

  @Test
  void anActiveContextKeepsItsNameForItself() {
    Context first = context("python", TIME);
    Context second = context("python", TIME.plusMillis(1));
    assertThat(dao.insertContext(first)).isTrue();
    assertThat(dao.insertContext(second)).isFalse();
    assertThat(dao.context(second.id())).isEmpty();
    assertThat(dao.updateContext(first.running("app-1", Optional.empty()))).isTrue();
    assertThat(dao.insertContext(second)).isFalse();
    assertThat(dao.updateContext(first.stopping())).isTrue();
    assertThat(dao.insertContext(second)).isFalse();
  }

  @ParameterizedTest
  @EnumSource(names = {"FINISHED", "ERROR", "KILLED"})
  void theNameOfAFinalContextIsFree(ContextState end) {
    Context first = context("python", TIME);
    Context second = context("python", TIME.plusMillis(1));
    dao.insertContext(first);
    Context ended = first.ended(end, TIME.plusMillis(1), Optional.empty());
    assertThat(dao.updateContext(ended)).isTrue();
    assertThat(dao.latestContext("python")).contains(ended);

    assertThat(dao.insertContext(second)).isTrue();
    assertThat(dao.latestContext("python")).contains(second);
    assertThat(dao.context(first.id())).contains(ended);
    assertThat(dao.activeContexts()).containsExactly(second);
  }

  @ParameterizedTest
  @EnumSource(names = {"FINISHED", "ERROR", "KILLED"})
  void aFinalContextNeverChanges(ContextState end) {
    Context context = context("python", TIME);
    dao.insertContext(context);
    Context ended = context.ended(end, TIME.plusMillis(1), Optional.of(FAILURE));
    assertThat(dao.updateContext(ended)).isTrue();

    assertThat(dao.updateContext(context.running("app-2", Optional.empty()))).isFalse();
    assertThat(dao.updateContext(context.ended(end, TIME.plusMillis(2), Optional.empty())))
        .isFalse();
    assertThat(dao.context(context.id())).contains(ended);
  }

  @Test
  void aContextThatIsNotOnRecordIsNotUpdated() {
    Context unknown = context("python", TIME);

    assertThat(dao.updateContext(unknown.running("app-1", Optional.empty()))).isFalse();
    assertThat(dao.context(unknown.id())).isEmpty();
    assertThat(dao.insertContext(unknown)).isTrue();
  }

  @Test
  void activeContextsAreListedTheLatestFirst() {
    List<Context> contexts = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      contexts.add(context("context-" + i, TIME.plusMillis(i / 2)));
      assertThat(dao.insertContext(contexts.get(i))).isTrue();
    }
    dao.updateContext(contexts.get(3).ended(ContextState.FINISHED, TIME, Optional.empty()));
    contexts.remove(3);
    Collections.reverse(contexts);

    assertThat(dao.activeContexts()).containsExactlyElementsOf(contexts);
  }

  @Test
  void longSettingsOfAContextAreKept() {
    String settings = "{\"a\":\"" + "\u6771x".repeat(100_000) + "\"}";
    Context context = Context.started(id(), "python", "factory", settings, TIME, "bundle", "");
    dao.insertContext(context);

    assertThat(dao.context(context.id())).contains(context);
  }

  @Test
  void aDriverIsFoundAsItWasSavedLast() {
    String context = id();
    DriverRecord first = new DriverRecord(context, 1, "", "token", "");
    DriverRecord second = new DriverRecord(context, 2, "123@2026", "token 2", "key");
    DriverRecord other = new DriverRecord(id(), 7, "process", "token", "key");

    dao.saveDriver(first);
    dao.saveDriver(other);
    assertThat(dao.driver(context)).contains(first);
    dao.saveDriver(second);
    assertThat(dao.driver(context)).contains(second);
    assertThat(dao.driver(other.contextId())).contains(other);
  }
}
