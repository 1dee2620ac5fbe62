import type { NodeAPI, NodeStatus } from 'node-red';
import type { FleetError } from '../../core/describe/errors';

export const LONGEST = 20;
/** Waits shorter than this are not worth showing. */
export const SHORT_MS = 1000;

/** The text below a node: at most 20 characters, so that it does not run into the next node. */
export abstract class StatusText {
	private closed = false;
	private shown = '';
	private timer: NodeJS.Timeout | undefined;

	constructor(
		private readonly show: (status: NodeStatus) => void,
		protected readonly text: NodeAPI['_'],
		/** What a wait for the quota is called. */
		private readonly wait: 'waiting' | 'limited',
	) {}

	/** Whether a request is under way. */
	protected abstract readonly busy: boolean;

	/** The quota makes a request wait. */
	waiting(ms: number): void {
		if (ms < SHORT_MS) return;
		const seconds = Math.ceil(ms / 1000);
		this.set(
			'yellow',
			'dot',
			seconds < 120
				? this.text(`status.${this.wait}Seconds`, { seconds })
				: this.text(`status.${this.wait}Minutes`, { minutes: Math.ceil(seconds / 60) }),
		);
		this.later(ms, () => {
			if (this.busy) this.setAsking();
		});
	}

	close(): void {
		this.put({});
		this.closed = true;
	}

	/** The account, not a request of this node. */
	protected setAccount({ code }: Pick<FleetError, 'code'>): void {
		// eslint-disable-next-line no-restricted-syntax -- words for each kind, no policy
		this.set('red', 'ring', this.text(`status.${code === 'InvalidParams' ? 'account' : code}`));
	}

	protected setAsking(): void {
		this.set('blue', 'dot', this.text('status.asking'));
	}

	protected set(fill: NodeStatus['fill'], shape: NodeStatus['shape'], text: string): void {
		this.put({ fill, shape, text: text.slice(0, LONGEST) });
	}

	protected clear(): void {
		this.put({});
	}

	protected later(ms: number, then: () => void): void {
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
