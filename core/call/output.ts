import type { FleetError } from '../describe/errors';
import type { Host } from '../describe/host';
import type { AnyOperation, Computation, RunOptions } from '../describe/operation';
import { outcomeOf } from '../describe/outcome';
import { LONGEST } from '../describe/read';
import type { CommandOutcome, Row } from '../describe/records';
import { clipped, cut } from '../describe/words';
import { blocksIn, inSteps, MANY, mapped, takeBreak } from './blocks';
import type { Sender } from './send-loop';
import { Simplifier } from './simplify';

const isoOf = (ms: number) => new Date(ms).toISOString();

/** Turns the rows of one run into its records: outcomes of a write or command, the vendor's own, or simplified ones. */
export class Output {
	private readonly sentAt: string;
	private readonly simplifier: Simplifier;
	private computation: Computation | undefined;
	private computed: object[] = [];
	private readonly form: RunOptions['output'];
	private readonly host: Pick<Host, 'now' | 'idle' | 'sleep'>;

	constructor(
		private readonly sender: Sender,
		private readonly operation: AnyOperation,
		{ output = 'simplified', signal }: Pick<RunOptions, 'output' | 'signal'>,
	) {
		const { host } = sender;
		this.form = output;
		// What a run that was given up has read is of use to nobody, unless the vendor has it no more.
		const idle = async () => {
			await takeBreak(host);
			if (!operation.consuming) signal?.throwIfAborted();
		};
		this.host = { now: () => host.now(), sleep: (ms) => host.sleep(ms), idle };
		this.sentAt = isoOf(host.now());
		this.simplifier = new Simplifier(operation, sender.connection, this.host);
	}

	/** @param params the checked parameters of the run */
	begin(params: Record<string, unknown>): void {
		if (this.form === 'raw') return;
		const now = this.sender.host.now();
		this.computation = this.operation.compute?.begin(params, now, (record) => this.computed.push(record));
	}

	/**
	 * @param params what the rows were requested with
	 * @param most records of a read that are wanted
	 */
	async recordsOf(rows: Row[], params: Record<string, unknown>, most = Infinity): Promise<object[]> {
		const { operation, sender, sentAt } = this;
		if (operation.effect !== 'read') {
			const answeredAt = isoOf(sender.host.now());
			return rows.map((row) => this.clean(outcomeOf(operation, params, { sentAt, answeredAt, ...row })));
		}
		if (this.form === 'raw') {
			const { raw } = operation;
			const wanted = rows.length > most ? rows.slice(0, most) : rows;
			return raw === undefined
				? wanted
				: await mapped(blocksIn(this.host), wanted, (row) => raw(row, params) as Row);
		}
		await sender.host.idle?.();
		const { computation } = this;
		if (computation === undefined) return await this.simplifier.records(rows, params, most);
		await this.simplifier.each(rows, params, (record) => {
			computation.add(record);
			return this.computed.length < most;
		});
		return this.taken().slice(0, most);
	}

	/**
	 * Records that are complete now that no more rows come, page by page.
	 * @param most records that are wanted
	 */
	async *end(most: number): AsyncGenerator<object[]> {
		const turns = inSteps(this.computation?.end() ?? [], this.host);
		while (!(await turns.next()).done) if (this.computed.length >= Math.min(most, MANY)) yield this.taken();
		if (this.computed.length > 0) yield this.taken();
	}

	private taken(): object[] {
		const { computed } = this;
		this.computed = [];
		return computed;
	}

	/** @throws FleetError if records came, and none of them can be read */
	mustHaveRead(): void {
		this.simplifier.mustHaveRead();
	}

	/** What to report of the records. */
	get warnings(): string[] {
		return [...this.simplifier.warnings, ...(this.computation?.warnings ?? [])];
	}

	/** The outcome of a write or command that may have been carried out, although there is only an error. */
	unknownOutcome(error: FleetError, params: Record<string, unknown>): CommandOutcome {
		return outcomeOf(this.operation, params, {
			outcome: 'unknown',
			explanation: `${error.message} It was sent once and not again: check whether it was done before you repeat it.`,
			sentAt: this.sentAt,
		});
	}

	/** An outcome may quote the vendor, as an error does. */
	private clean(outcome: CommandOutcome): CommandOutcome {
		const { explanation, response } = outcome;
		const { redactor } = this.sender;
		return {
			...outcome,
			explanation: redactor.text(cut(explanation, LONGEST)),
			response: typeof response === 'string' ? redactor.text(clipped(response, LONGEST)) : response,
		};
	}
}
