import type { NodeAPI, NodeStatus } from 'node-red';
import type { FleetError } from '../../core/describe/errors';
import type { Outcome } from '../../core/describe/records';
import { cut } from '../../core/describe/words';
import { LONGEST, SHORT_MS, StatusText } from './status-text';

/** The text below a request node, which may work on several messages at once. */
export class StatusLine extends StatusText {
	private inFlight = 0;
	/** Messages that wait in the node, and about how long the last of them does. */
	private queue = { count: 0, ms: 0 };
	private refresh: NodeJS.Timeout | undefined;

	constructor(show: (status: NodeStatus) => void, text: NodeAPI['_']) {
		super(show, text, 'waiting');
	}

	protected override get busy(): boolean {
		return this.inFlight > 0;
	}

	asking(): void {
		this.inFlight += 1;
		if (this.queue.count === 0) this.setAsking();
	}

	/** So many messages wait. They are shown once a second at most. */
	queued(count: number, ms: number): void {
		this.queue = { count, ms };
		if (count > 0 && this.refresh === undefined) this.showQueue();
	}

	override waiting(ms: number): void {
		if (this.queue.count === 0) super.waiting(ms);
	}

	override close(): void {
		clearTimeout(this.refresh);
		super.close();
	}

	private showQueue(): void {
		this.refresh = undefined;
		const { count, ms } = this.queue;
		if (count === 0) {
			if (this.busy) this.setAsking();
			return;
		}
		this.set('yellow', 'dot', this.queueText(count, ms));
		this.refresh = setTimeout(() => this.showQueue(), SHORT_MS);
	}

	private queueText(number: number, ms: number): string {
		const count = number.toLocaleString('en');
		const seconds = Math.round(ms / 1000);
		if (seconds < 1) return this.text('status.queued', { count });
		const age =
			seconds < 60
				? this.text('status.seconds', { count: seconds })
				: seconds < 3600
					? this.text('status.minutes', { count: Math.round(seconds / 60) })
					: this.text('status.hours', { count: Math.round(seconds / 3600) });
		const long = this.text('status.queuedFor', { count, age });
		return long.length <= LONGEST ? long : this.text('status.queuedForShort', { count, age });
	}

	/** Records came. */
	counted(count: number): void {
		this.ended('green', 'dot', this.text(count === 1 ? 'status.record' : 'status.records', { count }));
	}

	/** A command ended; a device's answer that a person has to read is quoted. */
	outcome(outcome: Outcome, words: string | null = null): void {
		const fill = outcome === 'confirmed' || outcome === 'sent' ? 'green' : outcome === 'failed' ? 'red' : 'yellow';
		const answer = outcome === 'answered' ? (words ?? '').replace(/\s+/g, ' ').trim() : '';
		this.ended(
			fill,
			fill === 'green' ? 'dot' : 'ring',
			answer === '' ? this.text(`status.${outcome}`) : `“${cut(answer, LONGEST - 2)}”`,
		);
	}

	failed({ code }: Pick<FleetError, 'code'>): void {
		this.ended('red', 'ring', this.text(`status.${code}`));
	}

	/** The account, not a request, failed; undefined: it works again. */
	account(error: FleetError | undefined): void {
		if (this.busy) return;
		if (error === undefined) this.clear();
		else this.setAccount(error);
	}

	private ended(fill: NodeStatus['fill'], shape: NodeStatus['shape'], text: string): void {
		this.inFlight = Math.max(0, this.inFlight - 1);
		// With other messages under way, the text goes on saying so.
		if (!this.busy) this.set(fill, shape, text);
	}
}
