// Reads the exported declarations of TypeScript files by their syntax, which takes a tenth of the time that their types would take.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { oneLine, parseDoc } from './doc-comment.mjs';

/** @typedef {import('./doc-comment.mjs').Doc} Doc */

/**
 * @typedef {object} Member
 * @property {string} name
 * @property {string} signature on one line, without comments
 * @property {boolean} isMethod
 * @property {boolean} isOptional
 * @property {Doc} doc
 * @property {Member[]} members those of an object type that stands right here
 */

/**
 * @typedef {object} Declaration
 * @property {string} name
 * @property {'interface' | 'class' | 'type' | 'function' | 'const'} kind
 * @property {string} signature
 * @property {Doc} doc
 * @property {Member[]} members
 * @property {string[]} parents what it extends and implements
 */

/**
 * All that an index file exports, by name.
 * @param {string} indexFile
 * @returns {Map<string, Declaration>}
 */
export function readExports(indexFile) {
  /** @type {Map<string, Declaration>} */
  const found = new Map();
  for (const statement of parse(indexFile).statements) {
    if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier) continue;
    if (!statement.exportClause || !ts.isNamedExports(statement.exportClause)) continue;
    const specifier = /** @type {ts.StringLiteral} */ (statement.moduleSpecifier).text;
    const file = path.join(path.dirname(indexFile), specifier.replace(/\.js$/, '.ts'));
    for (const { name } of statement.exportClause.elements) {
      found.set(name.text, readDeclaration(file, name.text));
    }
  }
  return found;
}

/** @type {Map<string, ts.SourceFile>} */
const parsed = new Map();

/** @param {string} file */
function parse(file) {
  const known = parsed.get(file);
  if (known) return known;
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  parsed.set(file, source);
  return source;
}

/**
 * @param {string} file
 * @param {string} name
 * @returns {Declaration}
 */
function readDeclaration(file, name) {
  for (const statement of parse(file).statements) {
    if (ts.isInterfaceDeclaration(statement) && statement.name.text === name)
      return describe('interface', name, statement, '', statement.members);
    if (ts.isClassDeclaration(statement) && statement.name?.text === name)
      return describe('class', name, statement, '', statement.members);
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === name)
      return describe('type', name, statement, textOf(statement.type), []);
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === name)
      return describe('function', name, statement, signatureOf(statement), []);
    if (ts.isVariableStatement(statement)) {
      const variable = statement.declarationList.declarations.find((each) => each.name.getText() === name);
      if (variable) return describe('const', name, statement, variable.type ? textOf(variable.type) : '', []);
    }
  }
  throw new Error(`${file} exports ${name}, but doesn't declare it in a way that scripts/reference can read`);
}

/**
 * @param {Declaration['kind']} kind
 * @param {string} name
 * @param {ts.Node & { heritageClauses?: ts.NodeArray<ts.HeritageClause> | undefined }} node
 * @param {string} signature
 * @param {readonly (ts.TypeElement | ts.ClassElement)[]} members
 * @returns {Declaration}
 */
function describe(kind, name, node, signature, members) {
  const parents = (node.heritageClauses ?? []).flatMap(({ types }) => types.map((type) => textOf(type)));
  return { name, kind, signature, doc: docOf(node), members: members.flatMap(memberOf), parents };
}

/**
 * @param {ts.TypeElement | ts.ClassElement} node
 * @returns {Member[]}
 */
function memberOf(node) {
  if (isHidden(node)) return [];
  const isConstructor = ts.isConstructorDeclaration(node);
  const name = isConstructor ? 'constructor' : (node.name?.getText() ?? '');
  const type = 'type' in node ? /** @type {ts.TypeNode | undefined} */ (node.type) : undefined;
  return [
    {
      name,
      signature: signatureOf(node),
      isMethod: ts.isMethodSignature(node) || ts.isMethodDeclaration(node) || isConstructor,
      isOptional: 'questionToken' in node && node.questionToken !== undefined,
      doc: docOf(node),
      members: type && ts.isTypeLiteralNode(type) ? type.members.flatMap(memberOf) : [],
    },
  ];
}

/** @param {ts.TypeElement | ts.ClassElement} node */
function isHidden(node) {
  if (node.name && ts.isPrivateIdentifier(node.name)) return true;
  return (commentOf(node) ?? '').includes('@internal');
}

/** @param {ts.Node} node */
const docOf = (node) => parseDoc(commentOf(node));

/**
 * The doc comment right before a node, if it has one.
 * @param {ts.Node} node
 */
function commentOf(node) {
  const source = node.getSourceFile().text;
  const comments = ts.getLeadingCommentRanges(source, node.getFullStart()) ?? [];
  return comments
    .map(({ pos, end }) => source.slice(pos, end))
    .filter((comment) => comment.startsWith('/**'))
    .at(-1);
}

/**
 * A member or function by its type: without its body and the values of its parameters.
 * @param {ts.TypeElement | ts.ClassElement | ts.FunctionDeclaration} node
 */
function signatureOf(node) {
  if (ts.isFunctionLike(node) && !ts.isGetAccessor(node) && !ts.isIndexSignatureDeclaration(node)) {
    const name = ts.isConstructorDeclaration(node) ? 'constructor' : (node.name?.getText() ?? '');
    const typed = node.typeParameters ? `<${node.typeParameters.map(textOf).join(', ')}>` : '';
    const optional = 'questionToken' in node && node.questionToken ? '?' : '';
    const parameters = node.parameters.map(parameterOf).join(', ');
    return `${name}${optional}${typed}(${parameters})${node.type ? `: ${textOf(node.type)}` : ''}`;
  }
  if (ts.isGetAccessor(node) && node.type) return `${node.name.getText()}: ${textOf(node.type)}`;
  if (ts.isPropertyDeclaration(node) && !node.type)
    return `${node.name.getText()}: ${node.initializer?.getText()}`;
  const end = ts.isPropertyDeclaration(node) ? node.initializer?.getFullStart() : undefined;
  return tidy(node.getSourceFile().text.slice(node.getStart(), end ?? node.getEnd()))
    .replace(/^((override|declare|readonly) )+/, '')
    .replace(/\s*[;=]$/, '');
}

/** @param {ts.ParameterDeclaration} node */
function parameterOf({ name, questionToken, initializer, type }) {
  const shown = ts.isObjectBindingPattern(name) ? 'options' : name.getText();
  return `${shown}${questionToken || initializer ? '?' : ''}${type ? `: ${textOf(type)}` : ''}`;
}

/** @param {ts.Node} node */
const textOf = (node) => tidy(node.getText());

/** On one line, without comments. @param {string} text */
const tidy = (text) =>
  oneLine(text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''))
    .replace(/^\| /, '')
    .replaceAll('( ', '(')
    .replaceAll(/,? \)/g, ')')
    .replaceAll('; }', ' }');
