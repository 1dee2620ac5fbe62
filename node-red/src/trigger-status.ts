import type { NodeAPI, NodeStatus } from 'node-red';
import type { FleetError } from '../../core/describe/errors';
import { LONGEST, SHORT_MS, StatusText } from './status-text';

const MINUTE_MS = 60_000;

/** The text below a trigger node. */
export class TriggerStatus extends StatusText {
	protected override readonly busy = true;

	constructor(
		show: (status: NodeStatus) => void,
		text: NodeAPI['_'],
		private readonly now: () => Date = () => new Date(),
	) {
		super(show, text, 'limited');
	}

	/** A poll that ends soon shows nothing of its own: a text that flickers at each poll says less. */
	asking(): void {
		this.later(SHORT_MS, () => this.setAsking());
	}

	/** A poll ended well. `oldestMs`: age of the oldest read of a device, if that is worth showing. */
	found(count: number, oldestMs?: number): void {
		const time = this.now().toTimeString().slice(0, 5);
		if (oldestMs === undefined)
			this.set(
				'green',
				count > 0 ? 'dot' : 'ring',
				this.text(count > 0 ? 'status.new' : 'status.nothing', { count, time }),
			);
		else
			this.set(
				'yellow',
				count > 0 ? 'dot' : 'ring',
				this.text(count > 0 ? 'status.newLate' : 'status.looked', {
					count,
					minutes: Math.round(oldestMs / 60_000),
				}),
			);
	}

	/** Messages of a queue were sent, and the flow is to acknowledge them. */
	unacknowledged(count: number): void {
		this.set('blue', 'ring', this.text('status.unacknowledged', { count }));
	}

	/** `over`: there will be no further try. `sinceMs`: age of the last success, if that is known. */
	failed({ code }: Pick<FleetError, 'code'>, over: boolean, sinceMs = 0): void {
		const problem = this.text(`status.${code}`);
		const fill = over ? 'red' : 'yellow';
		if (sinceMs < MINUTE_MS) return this.set(fill, 'ring', problem);
		const age = this.age(sinceMs);
		const both = this.text('status.since', { problem, age });
		// Where somebody must do something, what it is says more.
		const short = over ? problem : this.text('status.noAnswer', { age });
		this.set(fill, 'ring', both.length <= LONGEST ? both : short);
	}

	private age(ms: number): string {
		const minutes = Math.floor(ms / MINUTE_MS);
		if (minutes < 60) return this.text('status.minutes', { count: minutes });
		const hours = Math.floor(minutes / 60);
		return hours < 48
			? this.text('status.hours', { count: hours })
			: this.text('status.days', { count: Math.floor(hours / 24) });
	}

	/** The account, not a poll of this trigger. */
	account(error: Pick<FleetError, 'code'>): void {
		this.setAccount(error);
	}

	paused(): void {
		this.set('grey', 'ring', this.text('status.paused'));
	}
}
