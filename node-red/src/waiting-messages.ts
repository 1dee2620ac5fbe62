import type { Client } from '../../core/call/client';
import { WaitingRuns, type BatchedRun } from '../../core/call/waiting-runs';
import { FleetError, type ErrorPolicy } from '../../core/describe/errors';
import type { AnyOperation } from '../../core/describe/operation';
import type { RequestSettings } from './request-settings';

/** Runs that begin together, each with the messages that it answers. */
export type Taken<T> = NonNullable<ReturnType<WaitingRuns<T>['take']>>;

/** More messages came than can wait, so this one has no answer. Nothing was sent for it. */
class Dropped extends FleetError {
	readonly code = 'Dropped';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'call', beforeVendor: true };
	}
}

interface Options<T> {
	operation: AnyOperation;
	client: Pick<Client, 'width' | 'connection'>;
	settings: RequestSettings;
	/** Never rejects. */
	begin: (taken: Taken<T>) => Promise<void>;
	/** Hears of a message that has no answer. */
	dropped: (message: T, error: FleetError) => void;
	/** Hears that more or fewer messages wait. */
	changed: () => void;
}

/**
 * Messages for one read that wait until fewer runs of the node are in flight. Those that come meanwhile share what
 * they can.
 */
export class WaitingMessages<T> {
	private readonly waiting: WaitingRuns<T>;
	private inFlight = 0;
	private planned = false;
	/** Since when some run has always been in flight, and how many have ended since. */
	private busySince = 0;
	private ended = 0;

	constructor(private readonly options: Options<T>) {
		this.waiting = new WaitingRuns(options.operation);
	}

	get size(): number {
		return this.waiting.size;
	}

	/** About how long the last of them waits, in milliseconds. */
	get waitMs(): number {
		const { client } = this.options;
		const measured = this.ended < client.width ? 0 : (Date.now() - this.busySince) / this.ended;
		return this.waiting.requests * Math.max(60_000 / client.connection.rateLimit, measured);
	}

	add(message: T, run: BatchedRun, params: Readonly<Record<string, unknown>>): void {
		const { overload, mostWaiting: most } = this.options.settings;
		if (this.size >= most) this.begin();
		if (this.size >= most && overload !== 'dropOldest') {
			this.drop(message);
			return;
		}
		this.waiting.add(message, run, params);
		if (this.size > most) this.drop(this.waiting.takeOldest() as T);
		if (this.planned) return;
		this.planned = true;
		// Messages that come in the same moment begin together.
		setImmediate(() => {
			this.planned = false;
			this.begin();
		});
	}

	/** Forgets those that wait. */
	clear(): void {
		while (this.waiting.take() !== undefined);
	}

	private drop(message: T): void {
		const { overload, mostWaiting } = this.options.settings;
		const most = mostWaiting.toLocaleString('en');
		const [sentence, advice] =
			overload === 'dropOldest'
				? [
						`This message was dropped for a newer one: ${most} others wait at this node.`,
						'Nothing was sent for it.',
					]
				: [
						`This message was dropped: ${most} others wait at this node.`,
						'Nothing was sent for it. Send fewer messages, or raise "Most waiting" in the node.',
					];
		this.options.dropped(message, new Dropped(sentence, { advice }));
	}

	private begin(): void {
		const { begin, changed, client } = this.options;
		while (this.inFlight < client.width) {
			const taken = this.waiting.take();
			if (taken === undefined) break;
			if (this.inFlight === 0) Object.assign(this, { busySince: Date.now(), ended: 0 });
			this.inFlight += 1;
			void begin(taken).then(() => {
				this.inFlight -= 1;
				this.ended += 1;
				this.begin();
			});
		}
		changed();
	}
}
