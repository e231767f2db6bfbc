/* Holds one request and its answer, as the tests saw them, against the document: sentences of what is wrong. */
'use strict'

/* Where an answer has one of these, the document must say so. */
const TOLD = ['allow', 'idempotency-key', 'link', 'location', 'retry-after', 'www-authenticate']

/* What may come of a request that the document has no operation for. */
const ELSEWHERE = [400, 401, 404, 405, 413, 414, 431, 502, 503, 504]

function typeOf(answer) {
    return (answer.headers['content-type'] ?? '').split(';')[0].trim()
}

/* libmicrohttpd refuses some requests by itself, before the product sees them: closed, with no words of ours. */
function isNotOurs(answer) {
    return answer.status >= 400 && answer.headers['request-id'] === undefined && typeOf(answer) === ''
}

function parse(text) {
    try {
        return { value: JSON.parse(text) }
    } catch (error) {
        return { error: `the body is no JSON: ${error.message}` }
    }
}

function judgeHeaders(document, response, answer) {
    const wrong = []
    const declared = Object.entries(response.headers ?? {}).map(([name, header]) =>
        [name.toLowerCase(), document.resolve(header)])
    for (const [name, header] of declared) {
        const value = answer.headers[name]
        if (value === undefined && header.required) wrong.push(`there is no ${name}`)
        if (value === undefined) continue
        const found = document.judge(document.texts, { type: 'object', properties: { it: header.schema } }, { it: value })
        wrong.push(...found.map((sentence) => `${name}: ${value}: ${sentence}`))
    }
    const known = new Set(declared.map(([name]) => name))
    for (const name of TOLD) {
        if (answer.headers[name] !== undefined && !known.has(name)) wrong.push(`${name} is not declared`)
    }
    return wrong
}

function judgeProblem(answer, problem) {
    const wrong = []
    if (problem.status !== answer.status) wrong.push(`the problem says ${problem.status}`)
    if (problem.type !== `urn:problem:box-office:${String(problem.code).replace(/_/g, '-')}`) {
        wrong.push(`the type ${problem.type} is not that of the code ${problem.code}`)
    }
    if (problem.code === 'not_on_sale_yet' && answer.headers['retry-after'] === undefined) {
        wrong.push('there is no retry-after')
    }
    return wrong
}

function judgeBody(document, response, answer) {
    const type = typeOf(answer)
    const media = response.content?.[type]
    if (media === undefined) {
        if (type === '' && response.content === undefined) return []
        return [`the content type ${type || '(none)'} is not declared`]
    }
    if (!type.endsWith('json')) {
        return document.judge(document.strict, media.schema, answer.body)
    }
    const body = parse(answer.body)
    if (body.error !== undefined) return [body.error]
    const wrong = document.judge(document.strict, media.schema, body.value)
    if (type === 'application/problem+json') wrong.push(...judgeProblem(answer, body.value))
    return wrong
}

/* The answer to a request that is not in the document: a problem, and of a method that a known path has not, 405
 * with the methods that it has. */
function judgeElsewhere(document, answer, methods) {
    const wrong = []
    if (!ELSEWHERE.includes(answer.status)) return ['the document has no such operation']
    if (answer.status === 405) {
        const allow = (answer.headers.allow ?? '').split(', ')
        const missing = methods.filter((method) => !allow.includes(method))
        if (missing.length > 0) wrong.push(`Allow (${allow}) does not name ${missing}`)
        if (allow.includes('')) wrong.push('there is no Allow')
    }
    if (answer.method === 'HEAD') return wrong
    const plain = { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }
    return [...wrong, ...judgeBody(document, plain, answer)]
}

/* --- of what was answered well: was it asked as the document says? --------------------------------------- */

function judgeParameters(document, operation, answer) {
    const [path, query] = answer.path.split('?')
    const given = { path: {}, query: {} }
    operation.expression.exec(path).slice(1).forEach((part, i) => { given.path[operation.names[i]] = part })
    new URLSearchParams(query ?? '').forEach((value, name) => { given.query[name] = value })
    const wrong = []
    for (const place of ['path', 'query']) {
        const declared = operation.parameters.filter((parameter) => parameter.in === place)
        const schema = {
            type: 'object',
            required: declared.filter((parameter) => parameter.required).map((parameter) => parameter.name),
            properties: Object.fromEntries(declared.map((parameter) => [parameter.name, parameter.schema])),
            additionalProperties: false,
        }
        operation.schemas ??= {}
        operation.schemas[place] ??= schema
        wrong.push(...document.judge(document.texts, operation.schemas[place], given[place]))
    }
    return wrong.map((sentence) => `${answer.path} was taken: ${sentence}`)
}

function judgeSent(document, operation, answer) {
    if (answer.sent === undefined || answer.sent === null || answer.sent === '') {
        return operation.requestBody?.required ? ['nothing was sent'] : []
    }
    const type = answer.sent_type.split(';')[0].trim().toLowerCase()
    const media = operation.requestBody?.content[type]
    if (media === undefined) return [`a body of the type ${type} was taken`]
    const form = type === 'application/x-www-form-urlencoded'
    const body = form ? { value: Object.fromEntries(new URLSearchParams(answer.sent)) } : parse(answer.sent)
    if (body.error !== undefined) return [body.error]
    const found = document.judge(form ? document.texts : document.strict, media.schema, body.value)
    return found.map((sentence) => `${answer.sent} was taken: ${sentence}`)
}

/* --- all --------------------------------------------------------------------------------------------------- */

/* {operation, wrong}; no operation where the document has none. */
function judge(document, answer) {
    const path = answer.path.split('?')[0]
    const method = answer.method === 'HEAD' ? 'GET' : answer.method
    const here = document.at(path)
    const operation = here.find((one) => one.method === method)
    if (operation === undefined) {
        return { wrong: isNotOurs(answer) ? [] : judgeElsewhere(document, answer, here.map((one) => one.method)) }
    }
    if (isNotOurs(answer)) return { operation, wrong: [] }
    const response = document.resolve(operation.responses[answer.status])
    if (response === undefined) return { operation, wrong: ['the status is not declared'] }
    const wrong = judgeHeaders(document, response, answer)
    if (answer.method !== 'HEAD') wrong.push(...judgeBody(document, response, answer))
    if (answer.status < 300) {
        wrong.push(...judgeParameters(document, operation, answer), ...judgeSent(document, operation, answer))
    }
    return { operation, wrong }
}

module.exports = { judge }
