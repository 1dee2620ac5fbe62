import { setImmediate as immediate } from 'node:timers/promises';
import type { NodeAPI, NodeMessageInFlow } from 'node-red';
import type { Client } from '../../core/call/client';
import { Gathering } from '../../core/call/gathering';
import { asFleetError, InvalidParams, type FleetError } from '../../core/describe/errors';
import type { AnyOperation } from '../../core/describe/operation';
import type { CommandOutcome, Outcome } from '../../core/describe/records';
import { MessagePerRecord, OneMessage, type Delivery, type Send } from './delivery';
import { failedDevicesOf } from './flow-error';

/** What became of a command, as far as the status line shows it. */
export type Ended = Pick<CommandOutcome, 'outcome' | 'response'>;

/** What became of a message. */
export type Became = number | Ended | { error: FleetError };

/** From the least to the most alarming. */
const OUTCOMES: readonly Outcome[] = ['confirmed', 'sent', 'timedOut', 'answered', 'unknown', 'failed'];

/** How a node sends what came. */
export interface Form {
	operation: AnyOperation;
	/** A message for each record, whether or not they are drawn on a map. */
	each: boolean;
	raw: boolean;
	/** Does something for each of a list, however long that takes, without keeping Node-RED from its other work. */
	inBlocks: Client['inBlocks'];
	/** Makes what a map draws of the records, page by page, and in the end of none. */
	draw?: (page: object[] | undefined) => Promise<object[]>;
}

/** The answer to one message. */
class Answer {
	private delivery: Delivery | undefined;
	private worst: Ended | undefined;
	/** Why the message cannot carry it. */
	problem: FleetError | undefined;

	constructor(
		RED: NodeAPI,
		private readonly form: Form,
		private readonly msg: NodeMessageInFlow,
		send: Send,
		shared: boolean,
	) {
		// Of an earlier request in the flow.
		Reflect.deleteProperty(msg, 'failedDevices');
		this.passing(() => {
			this.delivery = form.each
				? new MessagePerRecord(RED, msg, send, shared)
				: new OneMessage(msg, send, form.operation.list);
		});
	}

	/** Whether it tells what became of a command. */
	private get tells(): boolean {
		const { operation, raw } = this.form;
		return operation.effect !== 'read' || (operation.kind === 'commandOutcome' && !raw);
	}

	add(page: readonly object[]): void {
		for (const one of this.tells ? (page as readonly CommandOutcome[]) : []) {
			if (this.worst === undefined || OUTCOMES.indexOf(one.outcome) > OUTCOMES.indexOf(this.worst.outcome))
				this.worst = one;
		}
		this.passing(() => this.delivery?.add(page));
	}

	failed(error: FleetError): void {
		const failed = failedDevicesOf(error);
		if (failed !== undefined) Reflect.set(this.msg, 'failedDevices', failed);
	}

	/** Gives the number of records that were sent, or what became of a command. */
	end(): Became {
		const count = this.passing(() => this.delivery?.end()) ?? 0;
		if (this.problem !== undefined) return { error: this.problem };
		return this.tells ? (this.worst ?? { outcome: 'unknown', response: null }) : count;
	}

	/** A message may hold anything, such as properties that throw, or be frozen. */
	private passing<T>(work: () => T): T | undefined {
		if (this.problem !== undefined) return undefined;
		try {
			return work();
		} catch (cause) {
			const effect = this.form.operation.effect === 'read' ? 'none' : 'unknown';
			this.problem = new InvalidParams(
				'The answer came, but this message cannot carry it: something in it cannot be copied or changed.',
				{ cause, effect, beforeVendor: false, advice: 'Send this node messages of plain data.' },
			);
			return undefined;
		}
	}
}

/** A message that is to be answered. */
export interface Asked {
	msg: NodeMessageInFlow;
	send: Send;
}

/**
 * Answers messages that all ask for the same. What came before an error is sent, and the error thrown.
 * @returns for each, the number of records that were sent, what became of a command, or why it cannot be sent
 */
export async function answer(
	RED: NodeAPI,
	form: Form,
	asked: readonly Asked[],
	pages: AsyncIterable<object[]>,
): Promise<Became[]> {
	const shared = asked.length > 1;
	const answers = asked.map(({ msg, send }) => new Answer(RED, form, msg, send, shared));
	const gathering = new Gathering();
	/** What several messages get whole. All of their copies at once could fill the memory. */
	const kept: object[][] = [];
	const add = async (page: object[]) => {
		if (shared && !form.each) kept.push(page);
		else await inTurn(answers, (one) => form.inBlocks(page, (block) => one.add(block)));
	};
	let error: FleetError | undefined;
	let any = false;
	try {
		for await (const page of pages) {
			if (answers.every(({ problem }) => problem !== undefined)) break;
			any ||= page.length > 0;
			await add(form.draw === undefined ? page : await form.draw(page));
			if (!form.each) await form.inBlocks(page, (block) => gathering.add(block));
		}
	} catch (thrown) {
		error = asFleetError(thrown);
		for (const one of answers) one.failed(error);
	}
	if (error !== undefined && !any) throw error;
	if (form.draw !== undefined) await add(await form.draw(undefined));
	const ended: Became[] = [];
	await inTurn(answers, async (one) => {
		for (const page of kept) await form.inBlocks(page, (block) => one.add(structuredClone(block)));
		ended.push(one.end());
	});
	if (error !== undefined) throw error;
	return ended;
}

/** Does something for one message after the other: Node-RED passes on what each has sent before the next. */
async function inTurn(answers: readonly Answer[], work: (answer: Answer) => void | Promise<void>): Promise<void> {
	for (const one of answers) {
		await work(one);
		if (answers.length > 1) await immediate();
	}
}
