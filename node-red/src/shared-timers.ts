/** Each pause is up to this share longer or shorter, so that many installations do not ask in the same second. */
const JITTER = 0.1;

interface Round {
	members: Set<() => void>;
	timer?: NodeJS.Timeout;
}

/**
 * Clocks that triggers share: those of one account and interval have their turn together, so that what one of them
 * finds out need not be asked again for the others.
 */
export class SharedTimers {
	private readonly rounds = new Map<string, Round>();

	constructor(private readonly random: () => number = Math.random) {}

	/** Calls `turn` about once in `intervalMs`, until the result is called. */
	join(key: string, intervalMs: number, turn: () => void): () => void {
		const name = `${key} ${String(intervalMs)}`;
		let round = this.rounds.get(name);
		if (round === undefined) {
			round = { members: new Set() };
			this.rounds.set(name, round);
			this.wind(round, intervalMs);
		}
		const { members } = round;
		members.add(turn);
		return () => {
			members.delete(turn);
			if (members.size > 0 || this.rounds.get(name)?.members !== members) return;
			clearTimeout(this.rounds.get(name)?.timer);
			this.rounds.delete(name);
		};
	}

	private wind(round: Round, intervalMs: number): void {
		round.timer = setTimeout(
			() => {
				this.wind(round, intervalMs);
				for (const turn of [...round.members]) turn();
			},
			intervalMs * (1 - JITTER + 2 * JITTER * this.random()),
		);
	}
}
