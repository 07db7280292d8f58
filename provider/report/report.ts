import { changesBetween } from "./changes";
import { stockOf } from "./images";
import type { Report } from "./model";
import type { State } from "./state";
import { present } from "./values";

/**
 * What there is to show of a stack.
 *
 * @param since the state before: then the report tells what changed
 * @param now milliseconds since 1970
 */
export function reportOf(state: State, since: State | undefined, now: number): Report {
  const after = stockOf(state, now);
  const report: Report = {
    format: "pulumi-scp-images/report",
    version: 1,
    generatedAt: new Date(now).toISOString(),
    stack: state.stack ?? since?.stack,
    stateTime: state.time,
    ...after,
    changes: since && changesBetween(stockOf(since, now), after),
    since: since?.time,
    notices: notices(state, since),
  };
  return present(report);
}

function notices({ pending, stack, time }: State, since: State | undefined): string[] {
  const isOther =
    stack !== undefined &&
    since?.stack !== undefined &&
    (stack.name !== since.stack.name || stack.project !== since.stack.project);
  const isNewer =
    time !== undefined && since?.time !== undefined && Date.parse(since.time) > Date.parse(time);
  return [
    ...pending.map(
      (operation) => `A run was interrupted while ${operation}. The next pulumi up goes on with it.`,
    ),
    ...(isOther
      ? [`The state before is of another stack, ${since.stack?.project}/${since.stack?.name}.`]
      : []),
    ...(isNewer
      ? ["The state before was written later than the one that is shown: the changes are backwards."]
      : []),
  ];
}
