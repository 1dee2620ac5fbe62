import type { NodeAPI, NodeStatus } from 'node-red';
import type { FleetError } from '../../core/describe/errors';
import type { Outcome } from '../../core/describe/records';
import { cut } from '../../core/describe/words';
import { LONGEST, StatusText } from './status-text';

/** The text below a request node, which may work on several messages at once. */
export class StatusLine extends StatusText {
	private inFlight = 0;

	constructor(show: (status: NodeStatus) => void, text: NodeAPI['_']) {
		super(show, text, 'waiting');
	}

	protected override get busy(): boolean {
		return this.inFlight > 0;
	}

	asking(): void {
		this.inFlight += 1;
		this.setAsking();
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
