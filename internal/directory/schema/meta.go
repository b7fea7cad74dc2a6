package schema

// The schemas that describe what a service offers (RFC 7643 §5 to §7). Everything in them is read-only.
var (
	// ServiceProviderConfig describes the service.
	ServiceProviderConfig = &Schema{ID: ConfigURN, Name: "Service Provider Configuration", Description: "What the service supports", Attributes: frozen(
		attribute("documentationUri", Reference, "The address of a page for people.", refers("external")),
		attribute("patch", Complex, "Changes in part (PATCH).", required, parts(supported())),
		attribute("bulk", Complex, "Many changes in one request.", required, parts(supported(),
			attribute("maxOperations", Integer, "The most operations in a request.", required),
			attribute("maxPayloadSize", Integer, "The longest request, in bytes.", required),
		)),
		attribute("filter", Complex, "Filters.", required, parts(supported(),
			attribute("maxResults", Integer, "The most resources in an answer.", required),
		)),
		attribute("changePassword", Complex, "Changes of passwords.", required, parts(supported())),
		attribute("sort", Complex, "Sorting.", required, parts(supported())),
		attribute("etag", Complex, "Entity tags.", required, parts(supported())),
		attribute("pagination", Complex, "Ways through a list (RFC 9865 §4).", parts(
			attribute("cursor", Boolean, "Whether lists are paged by cursor.", required),
			attribute("index", Boolean, "Whether lists are paged by index.", required),
			attribute("defaultPaginationMethod", String, "Which way is taken when a request names none.", canonical("cursor", "index")),
			attribute("defaultPageSize", Integer, "How many resources a page has unless count says otherwise."),
			attribute("maxPageSize", Integer, "The most resources in a page."),
			attribute("cursorTimeout", Integer, "How long a cursor is good, in seconds; absent: as long as the service's keys."),
		)),
		attribute("authenticationSchemes", Complex, "How callers prove who they are.", required, many(
			attribute("type", String, "The kind of scheme.", required, canonical("oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest")),
			attribute("name", String, "The name of the scheme.", required),
			attribute("description", String, "What it is.", required),
			attribute("specUri", Reference, "The address of its specification.", refers("external")),
			attribute("documentationUri", Reference, "The address of a page for people.", refers("external")),
			attribute("primary", Boolean, "Whether it is the preferred one."),
		)),
	)}

	// ResourceType describes a type of resource.
	ResourceType = &Schema{ID: TypeURN, Name: "ResourceType", Description: "A type of resource", Attributes: frozen(
		attribute("id", String, "The identifier, which is the name.", caseExact),
		attribute("name", String, "The name.", required, caseExact),
		attribute("description", String, "What the resources are."),
		attribute("endpoint", Reference, "Where the resources stand, relative to the base address.", required, refers("uri")),
		attribute("schema", Reference, "The URN of the schema that every resource has.", required, refers("uri")),
		attribute("schemaExtensions", Complex, "Schemas that extend it.", many(
			attribute("schema", Reference, "The URN of the schema.", required, refers("uri")),
			attribute("required", Boolean, "Whether every resource has it.", required),
		)),
	)}

	// Definition describes a schema.
	Definition = &Schema{ID: SchemaURN, Name: "Schema", Description: "A schema", Attributes: frozen(
		attribute("id", String, "The URN of the schema.", required, caseExact),
		attribute("name", String, "The name of the schema.", caseExact),
		attribute("description", String, "What the schema is for."),
		attribute("attributes", Complex, "The attributes.", required, many(append(characteristics(),
			attribute("subAttributes", Complex, "The attributes of a complex attribute.", many(characteristics()...)))...)),
	)}
)

func supported() *Attribute {
	return attribute("supported", Boolean, "Whether the service supports it.", required)
}

func characteristics() []*Attribute {
	return []*Attribute{
		attribute("name", String, "The name.", required, caseExact),
		attribute("type", String, "What values are.", required, canonical("string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex")),
		attribute("multiValued", Boolean, "Whether there can be many values.", required),
		attribute("description", String, "What the attribute is for.", caseExact),
		attribute("required", Boolean, "Whether there has to be a value.", required),
		attribute("canonicalValues", String, "Values that are expected.", caseExact, many()),
		attribute("caseExact", Boolean, "Whether the case of letters counts.", required),
		attribute("mutability", String, "Who may write it, and when.", required, caseExact, canonical("readOnly", "readWrite", "immutable", "writeOnly")),
		attribute("returned", String, "When answers show it.", required, caseExact, canonical("always", "never", "default", "request")),
		attribute("uniqueness", String, "Among what a value occurs once.", required, caseExact, canonical("none", "server", "global")),
		attribute("referenceTypes", String, "What a reference leads to.", caseExact, many()),
	}
}

// frozen makes attributes and their sub-attributes read-only.
func frozen(all ...*Attribute) []*Attribute {
	for _, a := range all {
		a.Mutability = ReadOnly
		frozen(a.Sub...)
	}
	return all
}
