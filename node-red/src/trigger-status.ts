import type { NodeAPI, NodeStatus } from 'node-red';
import type { FleetError } from '../../core/describe/errors';

/** A poll that ends within this shows nothing of its own: a line that flickers at each poll says less. */
const SHORT_MS = 1000;
const LONGEST = 20;

/** The line below a trigger: at most 20 characters, so that it does not run into the next node. */
export class TriggerStatus {
	private closed = false;
	private shown = '';
	private timer: NodeJS.Timeout | undefined;

	constructor(
		private readonly show: (status: NodeStatus) => void,
		private readonly text: NodeAPI['_'],
		private readonly now: () => Date = () => new Date(),
	) {}

	asking(): void {
		this.later(SHORT_MS, () => this.set('blue', 'dot', this.text('status.asking')));
	}

	/** The quota makes a request wait. */
	waiting(ms: number): void {
		if (ms < SHORT_MS) return;
		const seconds = Math.ceil(ms / 1000);
		this.set(
			'yellow',
			'dot',
			seconds < 120
				? this.text('status.limitedSeconds', { seconds })
				: this.text('status.limitedMinutes', { minutes: Math.ceil(seconds / 60) }),
		);
		this.later(ms, () => this.set('blue', 'dot', this.text('status.asking')));
	}

	/** A turn ended well. `oldestMs`: age of the oldest look at a device, if that is worth telling. */
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

	/** `over`: there will be no further try. */
	failed({ code }: Pick<FleetError, 'code'>, over: boolean): void {
		this.set(over ? 'red' : 'yellow', 'ring', this.text(`status.${code}`));
	}

	/** The account, not a turn of this trigger. */
	account({ code }: Pick<FleetError, 'code'>): void {
		// eslint-disable-next-line no-restricted-syntax -- words for each kind, no policy
		this.set('red', 'ring', this.text(`status.${code === 'InvalidParams' ? 'account' : code}`));
	}

	paused(): void {
		this.set('grey', 'ring', this.text('status.paused'));
	}

	close(): void {
		this.put({});
		this.closed = true;
	}

	private set(fill: NodeStatus['fill'], shape: NodeStatus['shape'], text: string): void {
		this.put({ fill, shape, text: text.slice(0, LONGEST) });
	}

	private later(ms: number, then: () => void): void {
		clearTimeout(this.timer);
		this.timer = setTimeout(then, ms);
	}

	private put(status: NodeStatus): void {
		clearTimeout(this.timer);
		const key = JSON.stringify(status);
		// Each one goes to every open editor and to Status nodes.
		if (this.closed || key === this.shown) return;
		this.shown = key;
		this.show(status);
	}
}
