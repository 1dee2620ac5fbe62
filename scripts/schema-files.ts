/** What n8n shows of an operation's output before its first run: made of the records' types. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { RecordKind } from '../core/describe/records';
import type { Vendor } from '../providers/vendor';

const RECORDS = join(__dirname, '..', 'core', 'describe', 'records.ts');

/** As n8n reads it: one type for each field, and no word of null. */
export interface Schema {
	type: 'object' | 'string' | 'number' | 'boolean';
	properties?: Record<string, Schema>;
}

const source = ts.createSourceFile(RECORDS, readFileSync(RECORDS, 'utf8'), ts.ScriptTarget.Latest, true);
const interfaces = new Map(source.statements.filter(ts.isInterfaceDeclaration).map((each) => [each.name.text, each]));
const aliases = new Map(source.statements.filter(ts.isTypeAliasDeclaration).map((each) => [each.name.text, each.type]));

/** Fields that records have only in a special case: a preview shows the common one. */
const isSpecial = (member: ts.PropertySignature) => member.questionToken !== undefined;

function fieldsOf(name: string): Record<string, Schema> {
	const declared = interfaces.get(name);
	if (declared === undefined) throw new Error(`core/describe/records.ts has no interface ${name}.`);
	const inherited = (declared.heritageClauses ?? []).flatMap(({ types }) =>
		types.map(({ expression }) => fieldsOf(expression.getText())),
	);
	const own = declared.members
		.filter(ts.isPropertySignature)
		.filter((member) => !isSpecial(member))
		.map((member) => [member.name.getText(), schemaOf(member.type)] as const);
	return Object.assign({}, ...inherited, Object.fromEntries(own)) as Record<string, Schema>;
}

/** Of a type: the first of its alternatives that is not null. */
function schemaOf(type: ts.TypeNode | undefined): Schema {
	if (type === undefined) throw new Error('A field of core/describe/records.ts has no type.');
	if (ts.isUnionTypeNode(type)) {
		const isNull = (each: ts.TypeNode) =>
			ts.isLiteralTypeNode(each) && each.literal.kind === ts.SyntaxKind.NullKeyword;
		return schemaOf(type.types.find((each) => !isNull(each)));
	}
	if (ts.isLiteralTypeNode(type)) return { type: ts.isStringLiteral(type.literal) ? 'string' : 'boolean' };
	if (type.kind === ts.SyntaxKind.StringKeyword) return { type: 'string' };
	if (type.kind === ts.SyntaxKind.NumberKeyword) return { type: 'number' };
	if (type.kind === ts.SyntaxKind.BooleanKeyword) return { type: 'boolean' };
	if (ts.isTypeReferenceNode(type)) {
		const name = type.typeName.getText();
		const alias = aliases.get(name);
		return alias === undefined ? { type: 'object' } : schemaOf(alias);
	}
	return { type: 'object' };
}

const kinds = interfaces.get('RecordKinds');

/** A kind's preview. Undefined where the vendor's documentation leaves the form open. */
export function schemaOfKind(kind: RecordKind): Schema | undefined {
	const member = kinds?.members.filter(ts.isPropertySignature).find(({ name }) => name.getText() === kind);
	const type = member?.type;
	if (type === undefined || !ts.isTypeReferenceNode(type)) return undefined;
	return { type: 'object', properties: fieldsOf(type.typeName.getText()) };
}

/** A vendor's previews for n8n: path and text. n8n finds them by version, resource and operation. */
export function schemaFiles({ provider, n8n: { className } }: Vendor): [path: string, text: string][] {
	return provider.operations.flatMap(({ resource, name, kind }): [string, string][] => {
		const schema = schemaOfKind(kind);
		if (schema === undefined) return [];
		const path = `nodes/${className}/__schema__/v1.0.0/${resource}/${name}.json`;
		return [[path, JSON.stringify({ ...schema, version: 1 })]];
	});
}
