import { Recent } from './recent';

/** What is not permitted is tried anew after this time: rights may have been granted meanwhile. */
const REMEMBERED_MS = 3_600_000;
/** What a session that served others so recently refuses has another cause, if another is possible. */
const LATELY_MS = 60_000;
/** Answers may still come in sessions that others have replaced. */
const SESSIONS_KEPT = 10;

interface Refusal {
	/** Token of the session in which the method was refused. */
	session: string;
	/** The first time, in milliseconds since 1970. */
	at: number;
	/** How often the session had served by the last time. */
	successes: number;
	/** Whether that, or one before it, had just been made for it. */
	fresh: boolean;
	/** Whether it served others all the same, so that the method is not permitted. */
	final: boolean;
}

/** What a refusal says of the session, given those before it. */
interface Verdict {
	/** The session is good: it has served others since it last refused this method, or it is known to refuse it. */
	good: boolean;
	/** The method was refused before: in this session, or lately in one that was made for it. */
	again: boolean;
}

/** Which methods of a login were refused in its session, and whether the session served others all the same. */
export class MethodRefusals {
	/** One for each method of the vendor at most. */
	private readonly refusals = new Map<string, Refusal>();
	private readonly permitted = new Set<string>();
	private readonly successes = new Recent<number>(SESSIONS_KEPT);
	private latest: { method: string; session: string; at: number } | undefined;

	/** A method succeeded in a session. */
	answered(method: string, session: string, now: number): void {
		this.successes.set(session, this.successesIn(session) + 1);
		this.latest = { method, session, at: now };
		this.permitted.add(method);
		const known = this.refusals.get(method);
		// A right that was granted meanwhile.
		if (known?.session === session) this.refusals.set(method, { ...known, fresh: false, final: false });
	}

	/**
	 * A method was refused in a session.
	 * @param renewed whether the session was made for it
	 * @param lately whether it is enough that the session has served others in the last minute
	 */
	refused(
		method: string,
		session: string,
		{ now, renewed, lately }: { now: number; renewed: boolean; lately: boolean },
	): Verdict {
		const successes = this.successesIn(session);
		const known = this.refusals.get(method);
		const again = known?.session === session;
		// What lies in the future was before a clock was set back.
		const remembered = known !== undefined && known.at <= now && now - known.at < REMEMBERED_MS;
		// Of several methods without a right, each would log in after the other otherwise.
		const fresh = renewed || (remembered && known.fresh && this.successesIn(known.session) > 0);
		const final = (again && remembered && known.final) || (fresh && successes > 0 && !this.permitted.has(method));
		this.refusals.set(method, { session, at: remembered ? known.at : now, successes, fresh, final });
		const served = lately && this.servedLately(method, session, now);
		return {
			good: final || served || (again && successes > known.successes),
			again: again || (remembered && known.fresh),
		};
	}

	private servedLately(method: string, session: string, now: number): boolean {
		const { latest } = this;
		return (
			latest?.session === session && latest.method !== method && latest.at <= now && now - latest.at < LATELY_MS
		);
	}

	private successesIn(session: string): number {
		return this.successes.get(session) ?? 0;
	}
}
