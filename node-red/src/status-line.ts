import type { NodeAPI, NodeStatus } from 'node-red';
import type { FleetError } from '../../core/describe/errors';
import type { Outcome } from '../../core/describe/records';
import { cut } from '../../core/describe/words';

const LONGEST = 20;

/** The line below a node: short, so that it does not run into the next node. */
export class StatusLine {
	private under = 0;
	private closed = false;
	private timer: NodeJS.Timeout | undefined;

	constructor(
		private readonly show: (status: NodeStatus) => void,
		private readonly text: NodeAPI['_'],
	) {}

	asking(): void {
		this.under += 1;
		this.set('blue', 'dot', this.text('status.asking'));
	}

	/** The quota makes a request wait. */
	waiting(ms: number): void {
		if (ms < 1000) return;
		const seconds = Math.ceil(ms / 1000);
		this.set(
			'yellow',
			'dot',
			seconds < 120
				? this.text('status.waitingSeconds', { seconds })
				: this.text('status.waitingMinutes', { minutes: Math.ceil(seconds / 60) }),
		);
		this.timer = setTimeout(() => {
			if (this.under > 0) this.set('blue', 'dot', this.text('status.asking'));
		}, ms);
	}

	/** Records came. */
	counted(count: number): void {
		this.ended('green', 'dot', this.text(count === 1 ? 'status.record' : 'status.records', { count }));
	}

	/** A command ended; a device that answered something to be read is quoted. */
	outcome(outcome: Outcome, words: string | null = null): void {
		const fill = outcome === 'confirmed' || outcome === 'sent' ? 'green' : outcome === 'failed' ? 'red' : 'yellow';
		const said = outcome === 'answered' ? (words ?? '').replace(/\s+/g, ' ').trim() : '';
		this.ended(
			fill,
			fill === 'green' ? 'dot' : 'ring',
			said === '' ? this.text(`status.${outcome}`) : `“${cut(said, LONGEST - 2)}”`,
		);
	}

	failed({ code }: Pick<FleetError, 'code'>): void {
		this.ended('red', 'ring', this.text(`status.${code}`));
	}

	/** The account, not a request, failed; undefined: it works again. */
	account(error: FleetError | undefined): void {
		if (this.under > 0) return;
		if (error === undefined) this.put({});
		// eslint-disable-next-line no-restricted-syntax -- words for each kind, no policy
		else this.set('red', 'ring', this.text(`status.${error.code === 'InvalidParams' ? 'account' : error.code}`));
	}

	close(): void {
		this.put({});
		this.closed = true;
	}

	private ended(fill: NodeStatus['fill'], shape: NodeStatus['shape'], text: string): void {
		this.under = Math.max(0, this.under - 1);
		// With other messages under way, the line goes on saying so.
		if (this.under === 0) this.set(fill, shape, text);
	}

	private set(fill: NodeStatus['fill'], shape: NodeStatus['shape'], text: string): void {
		this.put({ fill, shape, text: text.slice(0, LONGEST) });
	}

	private put(status: NodeStatus): void {
		clearTimeout(this.timer);
		if (!this.closed) this.show(status);
	}
}
