package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Failure;
import spark.jobserver.python.worker.Roster.Action.AwaitMoment;
import spark.jobserver.python.worker.Roster.Action.AwaitWhile;
import spark.jobserver.python.worker.Roster.Action.Fork;
import spark.jobserver.python.worker.Roster.Action.Give;
import spark.jobserver.python.worker.Roster.Action.Refuse;
import spark.jobserver.python.worker.Roster.Action.Retire;
import spark.jobserver.python.worker.Roster.Action.StartZygote;
import spark.jobserver.python.worker.Roster.Event;
import spark.jobserver.python.worker.Roster.Event.Gone;
import spark.jobserver.python.worker.Roster.Event.MomentOver;
import spark.jobserver.python.worker.Roster.Event.Stays;
import spark.jobserver.python.worker.Roster.Event.Unwanted;
import spark.jobserver.python.worker.Roster.Event.Waits;
import spark.jobserver.python.worker.Roster.Event.Wanted;
import spark.jobserver.python.worker.Roster.Event.WhileOver;
import spark.jobserver.python.worker.Roster.Event.ZygoteDown;
import spark.jobserver.python.worker.Roster.Event.ZygoteUp;

class RosterTest {
  private static final Failure WHY = Failure.of("for a reason");
  private static final String A = "a digest";
  private static final String B = "another digest";
  private static final AwaitMoment SHORT = new AwaitMoment(1, Roster.MOMENT);
  private static final AwaitMoment LONG = new AwaitMoment(1, Roster.LONG_MOMENT);

  @Test
  void workersAreForkedOnceTheZygoteIsUp() {
    assertThat(lastOf(2, new ZygoteUp())).containsExactly(new Fork(1), new Fork(2));
  }

  @Test
  void aJobGetsTheWorkerThatWaitsAndAnotherIsForkedWhenTheMomentIsOver() {
    assertThat(lastOf(1, new ZygoteUp(), new Waits(1), new Wanted(7, A)))
        .containsExactly(new Give(7, 1), SHORT);
    assertThat(lastOf(1, new ZygoteUp(), new Waits(1), new Wanted(7, A), new MomentOver(1)))
        .containsExactly(new Fork(2));
  }

  @Test
  void aJobThatComesBeforeItsWorkerGetsTheFirst() {
    assertThat(lastOf(0, new Wanted(7, A))).isEmpty();
    assertThat(lastOf(0, new Wanted(7, A), new ZygoteUp())).containsExactly(new Fork(1));
    assertThat(lastOf(0, new Wanted(7, A), new ZygoteUp(), new Waits(1)))
        .containsExactly(new Give(7, 1), SHORT);
  }

  @Test
  void itTellsHowManyWaitWithThoseThatHaveRunAJob() {
    Roster roster = new Roster(2, 4);
    roster.on(new ZygoteUp());
    assertThat(roster.waiting()).isZero();
    roster.on(new Waits(1));
    roster.on(new Waits(2));
    assertThat(roster.waiting()).isEqualTo(2);
    roster.on(new Wanted(7, A));
    assertThat(roster.waiting()).isEqualTo(1);
    roster.on(new Stays(1, A));
    assertThat(roster.waiting()).isEqualTo(2);
    roster.on(new ZygoteDown(WHY));
    assertThat(roster.waiting()).isZero();
  }

  @Test
  void jobsGetWorkersInTheirOrder() {
    assertThat(lastOf(0, new ZygoteUp(), new Wanted(7, A), new Wanted(8, A), new Waits(2)))
        .containsExactly(new Give(7, 2), SHORT);
  }

  @Test
  void nobodyStartsMoreThanAFewAtOnce() {
    assertThat(lastOf(10, new ZygoteUp())).hasSize(Roster.STARTING);
    assertThat(lastOf(10, new ZygoteUp(), new Waits(1))).containsExactly(new Fork(5));
  }

  @Test
  void aWorkerThatDiesWhileItWaitsIsReplaced() {
    assertThat(lastOf(1, new ZygoteUp(), new Waits(1), new Gone(1, WHY)))
        .containsExactly(new Fork(2));
  }

  @Test
  void theDeathOfAWorkerThatHasAJobChangesNothing() {
    assertThat(lastOf(1, new ZygoteUp(), new Waits(1), new Wanted(7, A), new Gone(1, WHY)))
        .isEmpty();
  }

  @Test
  void aWorkerThatDoesNotComeUpCostsAJobAndIsNotTriedAgainForNobody() {
    assertThat(lastOf(1, new ZygoteUp(), new Wanted(7, A), new Gone(1, WHY)))
        .containsExactly(new Refuse(7, WHY));
    assertThat(lastOf(1, new ZygoteUp(), new Gone(1, WHY))).isEmpty();
    assertThat(lastOf(1, new ZygoteUp(), new Gone(1, WHY), new Wanted(7, A)))
        .containsExactly(new Fork(2));
  }

  @Test
  void oneThatDoesNotComeUpWhereOthersDidIsTriedAgainOnce() {
    Roster roster = busy(1, 1);
    assertThat(roster.on(new Wanted(8, A))).containsExactly(new Fork(2));
    assertThat(roster.on(new Gone(2, WHY))).containsExactly(new Fork(3));
    assertThat(roster.on(new Gone(3, WHY))).containsExactly(new Refuse(8, WHY));
  }

  @Test
  void oneThatComesUpEndsTheCaution() {
    assertThat(lastOf(1, new ZygoteUp(), new Gone(1, WHY), new Wanted(7, A), new Waits(2)))
        .containsExactly(new Give(7, 2), SHORT);
    assertThat(
            lastOf(
                1,
                new ZygoteUp(),
                new Gone(1, WHY),
                new Wanted(7, A),
                new Waits(2),
                new MomentOver(1)))
        .containsExactly(new Fork(3));
  }

  @Test
  void aZygoteThatHasWorkedIsStartedAgainAtOnce() {
    assertThat(lastOf(1, new ZygoteUp(), new Waits(1), new ZygoteDown(WHY)))
        .containsExactly(new StartZygote());
    assertThat(lastOf(1, new ZygoteUp(), new Waits(1), new ZygoteDown(WHY), new ZygoteUp()))
        .containsExactly(new Fork(2));
  }

  @Test
  void jobsWaitForTheNextZygote() {
    assertThat(
            lastOf(
                0,
                new ZygoteUp(),
                new Wanted(6, A),
                new Waits(1),
                new ZygoteDown(WHY),
                new Wanted(7, A),
                new ZygoteUp()))
        .containsExactly(new Fork(2));
  }

  @Test
  void aZygoteThatNeverWorkedIsStartedAgainOnlyForAJob() {
    assertThat(lastOf(1, new Wanted(7, A), new ZygoteDown(WHY)))
        .containsExactly(new Refuse(7, WHY));
    assertThat(lastOf(1, new ZygoteUp(), new ZygoteDown(WHY))).isEmpty();
    assertThat(lastOf(1, new ZygoteDown(WHY), new Wanted(7, A))).containsExactly(new StartZygote());
    assertThat(lastOf(1, new ZygoteDown(WHY), new Wanted(7, A), new Wanted(8, A))).isEmpty();
  }

  @Test
  void aJobThatWantsNoneAnyMoreGetsNone() {
    assertThat(lastOf(0, new ZygoteUp(), new Wanted(7, A), new Unwanted(7), new Waits(1)))
        .isEmpty();
  }

  @Test
  void aWorkerThatIsGivenBackWaitsAgain() {
    assertThat(
            lastOf(
                0, new ZygoteUp(), new Wanted(7, A), new Waits(1), new Waits(1), new Wanted(8, A)))
        .containsExactly(new Give(8, 1));
  }

  @Test
  void withinAMomentOnlyJobsThatFindNoWorkerGetOneForked() {
    Roster roster = busy(2, 2);
    assertThat(roster.on(new Wanted(8, A)))
        .containsExactly(new Give(8, 2), new AwaitMoment(2, Roster.MOMENT));
    assertThat(roster.on(new Wanted(9, A))).containsExactly(new Fork(3));
    assertThat(roster.on(new MomentOver(2))).containsExactly(new Fork(4), new Fork(5));
  }

  @Test
  void theMomentIsShorterWhenNoWorkerWaitsAnyMore() {
    Roster roster = busy(2, 2);
    roster.on(new Wanted(8, A));
    assertThat(roster.on(new MomentOver(2))).containsExactly(new Fork(3), new Fork(4));
    roster.on(new Waits(3));
    roster.on(new Waits(4));
    assertThat(roster.on(new Wanted(9, A)))
        .containsExactly(new Give(9, 3), new AwaitMoment(3, Roster.LONG_MOMENT));
    assertThat(roster.on(new MomentOver(1))).isEmpty();
    assertThat(roster.on(new MomentOver(3))).containsExactly(new Fork(5));
  }

  @Test
  void oneMoreIsKeptForEachJobThatFoundNoneUpToAsManyAsThereMayBe() {
    Roster roster = busy(1, 3);
    assertThat(roster.on(new Wanted(8, A))).containsExactly(new AwaitWhile(), new Fork(2));
    assertThat(roster.on(new Wanted(9, A))).containsExactly(new Fork(3));
    assertThat(roster.on(new Wanted(10, A))).containsExactly(new Fork(4));
    roster.on(new Waits(2));
    roster.on(new Waits(3));
    roster.on(new Waits(4));
    assertThat(roster.on(new MomentOver(1))).containsExactly(new Fork(5), new Fork(6), new Fork(7));
  }

  @Test
  void oneLessIsKeptAfterEachWhileInWhichNoneWasMissed() {
    Roster roster = busy(1, 3);
    roster.on(new Wanted(8, A));
    roster.on(new Wanted(9, A));
    for (int worker = 2; worker <= 6; worker++) {
      roster.on(new Waits(worker));
    }
    roster.on(new MomentOver(1));
    assertThat(roster.on(new WhileOver())).containsExactly(new AwaitWhile());
    assertThat(roster.on(new WhileOver())).containsExactly(new Retire(6), new AwaitWhile());
    assertThat(roster.on(new WhileOver())).containsExactly(new Retire(5));
    assertThat(roster.on(new Gone(4, WHY))).containsExactly(new Fork(4));
  }

  @Test
  void whereNoneShallWaitNoneIsKeptForThoseThatFindNone() {
    Roster roster = new Roster(0, 8);
    roster.on(new ZygoteUp());
    roster.on(new Wanted(7, A));
    roster.on(new Waits(1));
    assertThat(roster.on(new Wanted(8, A))).containsExactly(new Fork(2));
    roster.on(new Waits(2));
    assertThat(roster.on(new MomentOver(1))).isEmpty();
  }

  @Test
  void thatTheFirstJobsFindNoneIsNoReasonToKeepMore() {
    Roster roster = new Roster(1, 8);
    assertThat(roster.on(new Wanted(7, A))).isEmpty();
    assertThat(roster.on(new ZygoteUp())).containsExactly(new Fork(1), new Fork(2));
  }

  @Test
  void aJobGetsTheWorkerThatHasRunItsBinaryLast() {
    Roster roster = busy(2, 2);
    roster.on(new Wanted(8, A));
    assertThat(roster.on(new Stays(2, A))).isEmpty();
    assertThat(roster.on(new Stays(1, A))).isEmpty();
    assertThat(roster.on(new Wanted(9, A))).containsExactly(new Give(9, 1));
    assertThat(roster.on(new Wanted(10, A))).containsExactly(new Give(10, 2));
  }

  @Test
  void aJobGetsNoWorkerThatHasRunAnotherBinary() {
    Roster roster = busy(1, 2);
    roster.on(new Stays(1, A));
    assertThat(roster.on(new Wanted(8, B))).contains(new Fork(2));
    assertThat(roster.on(new Waits(2))).containsExactly(new Give(8, 2));
    assertThat(roster.on(new Wanted(9, A))).containsExactly(new Give(9, 1));
  }

  @Test
  void aJobThatWaitsForAWorkerGetsOneThatStays() {
    Roster roster = busy(1, 1);
    roster.on(new Wanted(8, B));
    roster.on(new Wanted(9, A));
    assertThat(roster.on(new Stays(1, A))).containsExactly(new Give(9, 1));
  }

  @Test
  void thatAJobGetsAWorkerAgainIsNoReasonToForkOne() {
    Roster roster = busy(1, 1);
    roster.on(new MomentOver(1));
    roster.on(new Waits(2));
    roster.on(new Stays(1, A));
    assertThat(roster.on(new Wanted(8, A))).containsExactly(new Give(8, 1));
  }

  @Test
  void oneThatStaysAndDiesIsGivenToNobody() {
    Roster roster = busy(1, 1);
    roster.on(new Stays(1, A));
    assertThat(roster.on(new Gone(1, WHY))).isEmpty();
    assertThat(roster.on(new Wanted(8, A))).containsExactly(new Fork(2));
  }

  @Test
  void noMoreStayThanMayWait() {
    Roster roster = busy(2, 2);
    roster.on(new Wanted(8, A));
    roster.on(new Wanted(9, A));
    roster.on(new Waits(3));
    roster.on(new Stays(1, A));
    roster.on(new Stays(2, A));
    assertThat(roster.on(new Stays(3, A))).contains(new Retire(1));
  }

  @Test
  void ofThoseThatStayOneIsEndedAfterEachWhileInWhichNoneWasMissed() {
    Roster roster = busy(1, 3);
    roster.on(new Waits(2));
    roster.on(new Wanted(8, A));
    roster.on(new Stays(1, A));
    assertThat(roster.on(new Stays(2, A))).containsExactly(new AwaitWhile());
    assertThat(roster.on(new WhileOver())).containsExactly(new Retire(1));
  }

  @Test
  void withTheirZygoteThoseThatStayAreGone() {
    Roster roster = busy(1, 1);
    roster.on(new Stays(1, A));
    roster.on(new ZygoteDown(WHY));
    roster.on(new ZygoteUp());
    assertThat(roster.on(new Wanted(8, A))).doesNotContain(new Give(8, 1));
  }

  /** One with workers that wait, of which a job has just got the first. */
  private static Roster busy(int idle, int mostIdle) {
    Roster roster = new Roster(idle, mostIdle);
    roster.on(new ZygoteUp());
    for (int worker = 1; worker <= idle; worker++) {
      roster.on(new Waits(worker));
    }
    assertThat(roster.on(new Wanted(7, A)))
        .containsExactly(new Give(7, 1), idle > 1 ? LONG : SHORT);
    return roster;
  }

  /** What is decided at the last of these events. */
  private static List<Roster.Action> lastOf(int idle, Event... events) {
    Roster roster = new Roster(idle, idle);
    List<Roster.Action> actions = new ArrayList<>();
    for (Event event : events) {
      actions = roster.on(event);
    }
    return actions;
  }
}
