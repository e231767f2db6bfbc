/* The API's document, ready to hold requests and answers against it. */
'use strict'

const fs = require('node:fs')
const Ajv = require('ajv/dist/2020')
const formats = require('ajv-formats')

const METHODS = ['get', 'put', 'post', 'delete', 'patch']

/* All that our schemas are written with: a keyword that is misspelt would be passed over by every validator. */
const KEYWORDS = new Set(['$ref', 'additionalProperties', 'allOf', 'anyOf', 'const', 'default', 'description', 'else',
    'enum', 'examples', 'format', 'if', 'items', 'maxItems', 'maxLength', 'maximum', 'minItems', 'minLength', 'minProperties', 'minimum',
    'not', 'pattern', 'properties', 'required', 'then', 'type', 'unevaluatedProperties', 'uniqueItems'])

function escapeRegExp(text) {
    return text.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
}

/* "/events/{event}" as an expression, and the names of its parts. */
function readTemplate(template) {
    const names = []
    const pattern = escapeRegExp(template).replace(/\{([^}]+)\}/g, (_, name) => {
        names.push(name)
        return '([^/]+)'
    })
    return { expression: new RegExp(`^${pattern}$`), names }
}

class Document {
    constructor(path) {
        this.json = JSON.parse(fs.readFileSync(path, 'utf8'))
        this.strict = this.#validator({})
        this.texts = this.#validator({ coerceTypes: true }) // of forms, paths and headers, where all is text
        this.operations = []
        for (const [template, item] of Object.entries(this.json.paths)) {
            for (const method of METHODS.filter((name) => item[name] !== undefined)) {
                this.operations.push(this.#operation(template, method, item))
            }
        }
        /* "/tickets.csv" before "/{name}" */
        this.operations.sort((a, b) => a.names.length - b.names.length)
    }

    #validator(options) {
        const ajv = new Ajv({ strict: false, allErrors: true, ...options })
        formats(ajv)
        ajv.addSchema(this.json, 'document')
        return ajv
    }

    #operation(template, method, item) {
        const parameters = [...(item.parameters ?? []), ...(item[method].parameters ?? [])]
        return {
            name: `${method.toUpperCase()} ${template}`,
            method: method.toUpperCase(),
            template,
            ...readTemplate(template),
            ...item[method],
            parameters: parameters.map((parameter) => this.resolve(parameter)),
            responses: item[method].responses,
        }
    }

    /* What a reference points to, with where that is; references to references are not made. */
    resolve(object) {
        if (object?.$ref === undefined) return object
        const parts = object.$ref.slice(2).split('/')
        return parts.reduce((at, part) => at[part.replace(/~1/g, '/').replace(/~0/g, '~')], this.json)
    }

    /* Wrong: a list of sentences, empty where the value fits. */
    judge(validator, schema, value) {
        this.compiled ??= new Map()
        const known = this.compiled.get(validator) ?? new Map()
        this.compiled.set(validator, known)
        if (!known.has(schema)) known.set(schema, validator.compile(this.#absolute(schema)))
        const validate = known.get(schema)
        if (validate(value)) return []
        return validate.errors.map((error) =>
            `${error.instancePath || 'it'} ${error.message} ${JSON.stringify(error.params)}`)
    }

    /* The same schema, whose references can be followed from anywhere. */
    #absolute(schema) {
        return JSON.parse(JSON.stringify(schema), (key, value) =>
            key === '$ref' && value.startsWith('#') ? `document${value}` : value)
    }

    /* The operations at this path, of all methods. */
    at(path) {
        const first = this.operations.find((operation) => operation.expression.test(path))
        return first === undefined ? [] : this.operations.filter((one) => one.template === first.template)
    }

    /* Keywords that nobody knows, and objects that are open, with where they are. */
    faults() {
        const faults = []
        const walk = (value, place, isSchema) => {
            if (value === null || typeof value !== 'object') return
            if (isSchema && !Array.isArray(value)) this.#faultsOf(value, place, faults)
            for (const [key, inner] of Object.entries(value)) {
                if (['example', 'examples', 'const', 'enum', 'default'].includes(key)) continue
                const within = `${place}/${key}`
                const names = ['properties', 'schemas'].includes(key) || ['allOf', 'anyOf'].includes(key)
                if (names && typeof inner === 'object') {
                    for (const [name, schema] of Object.entries(inner)) walk(schema, `${within}/${name}`, true)
                } else {
                    walk(inner, within, ['schema', 'items', 'if', 'then', 'else', 'not'].includes(key))
                }
            }
        }
        walk(this.json, '#', false)
        return [...faults, ...this.#securityFaults()]
    }

    /* That scopes stand beside a bearer scheme, too, is of OpenAPI 3.1; Spectral knows it of OAuth only. */
    #securityFaults() {
        const scopes = this.json.components.schemas.Scope.enum
        const faults = []
        for (const operation of this.operations) {
            const open = operation.security.length === 0
            const known = operation.security.every(({ token }) => token?.length === 1 && scopes.includes(token[0]))
            if (!known) faults.push(`${operation.name}: this security is not known`)
            if (!open && !operation.responses['403']) faults.push(`${operation.name}: it must have a 403`)
        }
        return faults
    }

    #faultsOf(schema, place, faults) {
        for (const key of Object.keys(schema)) {
            if (!KEYWORDS.has(key)) faults.push(`${place}: what is "${key}"?`)
        }
        const open = schema.additionalProperties !== false && schema.unevaluatedProperties !== false
        if (schema.type === 'object' && open && !OPEN.has(place)) faults.push(`${place}: this object is open`)
    }
}

/* A base that others close, and this document itself, which others have described. */
const OPEN = new Set([
    '#/components/schemas/ProblemMembers',
    '#/paths//openapi.json/get/responses/200/content/application/json/schema',
])

module.exports = { Document }
