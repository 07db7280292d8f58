import { startEmulator, type Emulator, type Fault } from "../../emulator";
import { clientOf, qcow2 } from "../emulator/testing";
import type { Declaration } from "./program";
import { openEmbedded, type TestStack } from "./stack";

/** A cloud with two accounts, and stacks of the embedded engine with the first one's keys, and the profiles `second` and `first`. */
export class TwoAccounts {
  private readonly stacks: TestStack[] = [];
  private readonly before = { ...process.env };

  private constructor(
    readonly cloud: Emulator,
    private readonly clock: { ahead: number },
  ) {}

  static async open(): Promise<TwoAccounts> {
    const clock = { ahead: 0 };
    const cloud = await startEmulator({ now: () => Date.now() + clock.ahead });
    const { accounts } = cloud.options;
    accounts.push({ ...accounts[0], accessKey: "SCPEMULATOROTHERKEY", secretKey: "other-secret-key" });
    for (const key of ["one.qcow2", "two.qcow2"]) {
      await cloud.putObject("images", key, qcow2());
    }
    return new TwoAccounts(cloud, clock);
  }

  /** Lets so much time go by that nothing is new any more, and may be shown late. */
  age(): void {
    this.clock.ahead += 3 * 60_000;
  }

  get second() {
    return this.cloud.options.accounts[1]!;
  }

  async stack(name = "test"): Promise<TestStack> {
    const env = {
      ...this.cloud.env,
      SCP_PROFILE_SECOND_ACCESS_KEY: this.second.accessKey,
      SCP_PROFILE_SECOND_SECRET_KEY: this.second.secretKey,
      SCP_PROFILE_FIRST_ACCESS_KEY: "SCPEMULATOROTHERKEY",
      SCP_PROFILE_FIRST_SECRET_KEY: "other-secret-key",
    };
    Object.assign(process.env, env); // The program runs in this process.
    const stack = await openEmbedded(env, name);
    this.stacks.push(stack);
    return stack;
  }

  async close(): Promise<void> {
    process.env = { ...this.before };
    this.stacks.forEach((stack) => {
      stack.close();
    });
    await this.cloud.close();
  }

  image(more: Record<string, unknown> = {}, name = "golden"): Declaration {
    const url = this.cloud.objectUrl("images", "one.qcow2");
    return {
      type: "Image",
      name,
      args: { name: "golden", osDistro: "alma", url, visibility: "shared", ...more },
    };
  }

  /** Shares the image of the resource `golden` with the second account. */
  member(more: Record<string, unknown> = {}): Declaration {
    return {
      type: "ImageMember",
      name: "member",
      of: "golden",
      args: { memberId: this.second.accountId, ...more },
    };
  }

  /** The second account's answer. */
  answer(more: Record<string, unknown> = {}): Declaration {
    return {
      type: "ImageMemberAcceptance",
      name: "answer",
      of: "member",
      args: { profile: "second", ...more },
    };
  }

  /** What the owner, or the second account, is told when it asks itself. */
  call(as: "owner" | "second", method: string, path: string, body?: unknown) {
    const account = as === "owner" ? this.cloud.options : this.second;
    return clientOf(this.cloud).call<Record<string, string>>(method, path, { body, as: account });
  }

  /** From now on, IAM writes every account's id in this way. */
  tellAccounts(spell: (id: string) => string): void {
    const access_keys = this.cloud.options.accounts.map(({ accessKey, accountId }) => ({
      access_key: accessKey,
      account_id: spell(accountId),
    }));
    const answer: Fault = {
      ...{ kind: "status", operation: "listAccessKeys", status: 200, times: "always" },
      body: JSON.stringify({ access_keys }),
    };
    this.cloud.faults.add(answer);
  }

  only() {
    expect(this.cloud.images()).toHaveLength(1);
    return this.cloud.images()[0]!;
  }
}
