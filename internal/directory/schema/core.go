package schema

// Bounds of texts, in bytes.
const (
	textMost     = 1024 // of whatever has no bound of its own
	nameMost     = 150  // of a part of a person's name
	lineMost     = 256  // of a name or number that is shown in one line
	addressMost  = 254  // of a user name or an e-mail address (RFC 5321 §4.5.3.1.3)
	linkMost     = 2048
	binaryMost   = 16 << 10
	passwordMost = 1024
	valuesMost   = 100 // values of one attribute, but for the members of a group
)

// common are the attributes that every resource has (RFC 7643 §3.1), whatever its schema lists.
var common = []*Attribute{
	attribute("schemas", Reference, "The URNs of the schemas that the resource has attributes of.", required, always, caseExact, many(), refers("uri")),
	attribute("id", String, "The identifier that the service gave the resource. It is never used again.", readOnly, always, caseExact, unique, filterable),
	attribute("externalId", String, "The identifier that the provisioning client gave the resource.", caseExact, most(lineMost), filterable),
	attribute("meta", Complex, "What the service knows about the resource.", readOnly, parts(
		attribute("resourceType", String, "The name of the resource type.", readOnly, caseExact),
		attribute("created", DateTime, "When the resource was made.", readOnly, filterable),
		attribute("lastModified", DateTime, "When the resource was last changed.", readOnly, filterable),
		attribute("location", Reference, "The address of the resource.", readOnly, refers("uri")),
		attribute("version", String, "The version of the resource, which is also its entity tag.", readOnly, caseExact),
	)),
}

// listed returns the attribute of a list whose values have the sub-attributes that RFC 7643 §2.4 suggests.
func listed(name, description string, value *Attribute, types []string, more ...option) *Attribute {
	sub := []*Attribute{
		value,
		attribute("display", String, "How people are shown the value.", most(lineMost)),
		attribute("type", String, "What the value is for.", most(lineMost), canonical(types...)),
		attribute("primary", Boolean, "Whether it is the preferred one; at most one value is."),
	}
	return attribute(name, Complex, description, append([]option{many(sub...)}, more...)...)
}

// User is the core schema of users (RFC 7643 §4.1).
var User = &Schema{ID: UserURN, Name: "User", Description: "A person's account", Attributes: []*Attribute{
	attribute("userName", String, "The name that the person signs in with, unique whatever the case of its letters.", required, unique, most(addressMost), shaped(shapeUserName), filterable),
	attribute("name", Complex, "The parts of the person's name.", parts(
		attribute("formatted", String, "The whole name, as it is shown.", most(3*nameMost)),
		attribute("familyName", String, "The family name.", most(nameMost), filterable),
		attribute("givenName", String, "The given name.", most(nameMost), filterable),
		attribute("middleName", String, "The middle names.", most(nameMost)),
		attribute("honorificPrefix", String, "What goes before the name, such as Dr.", most(nameMost)),
		attribute("honorificSuffix", String, "What goes after the name, such as III.", most(nameMost)),
	)),
	attribute("displayName", String, "The name shown to others.", most(lineMost), filterable),
	attribute("nickName", String, "How the person is called.", most(lineMost)),
	attribute("profileUrl", Reference, "The address of a page about the person.", refers("external"), most(linkMost)),
	attribute("title", String, "The title, such as Vice President.", most(lineMost)),
	attribute("userType", String, "What the person is to the organization, such as Contractor.", most(lineMost), filterable),
	attribute("preferredLanguage", String, "The language the person prefers (RFC 9110 §12.5.4).", most(lineMost)),
	attribute("locale", String, "How numbers, dates and currencies are shown to the person, such as de-CH.", most(lineMost)),
	attribute("timezone", String, "The time zone by its name in the IANA database, such as Europe/Zurich.", most(lineMost)),
	attribute("active", Boolean, "Whether the user may sign in.", filterable),
	attribute("password", String, "The password, which can be set and is never shown.", caseExact, most(passwordMost), func(a *Attribute) {
		a.Mutability, a.Returned = WriteOnly, Never
	}),
	listed("emails", "E-mail addresses, each unique whatever the case of its letters.",
		attribute("value", String, "The address.", unique, most(addressMost), shaped(shapeEmail), filterable), []string{"work", "home", "other"}),
	listed("phoneNumbers", "Telephone numbers.",
		attribute("value", String, "The number, best as RFC 3966 writes it.", most(lineMost)), []string{"work", "home", "mobile", "fax", "pager", "other"}),
	listed("ims", "Addresses for instant messages.", attribute("value", String, "The address.", most(lineMost)), nil),
	listed("photos", "Addresses of pictures.",
		attribute("value", Reference, "The address of a picture.", refers("external"), most(linkMost)), []string{"photo", "thumbnail"}),
	attribute("addresses", Complex, "Postal addresses.", many(
		attribute("formatted", String, "The whole address, with line breaks."),
		attribute("streetAddress", String, "Street and number, with line breaks."),
		attribute("locality", String, "The city.", most(lineMost)),
		attribute("region", String, "The state or region.", most(lineMost)),
		attribute("postalCode", String, "The postal code.", most(lineMost)),
		attribute("country", String, "The country, as two letters of ISO 3166-1.", most(lineMost)),
		attribute("type", String, "What the address is for.", most(lineMost), canonical("work", "home", "other")),
		attribute("primary", Boolean, "Whether it is the preferred one; at most one value is."),
	)),
	attribute("groups", Complex, "The groups that the user is a member of, directly or through other groups.", readOnly, many(
		attribute("value", String, "The id of the group.", readOnly, caseExact),
		attribute("$ref", Reference, "The address of the group.", readOnly, refers("Group")),
		attribute("display", String, "The name of the group.", readOnly),
		attribute("type", String, "Whether the user is a member itself.", readOnly, canonical("direct", "indirect")),
	)),
	listed("entitlements", "What the user is entitled to.", attribute("value", String, "The entitlement.", most(lineMost)), nil),
	attribute("roles", Complex, "The roles that the user holds. Assigning and removing them needs the scope roles:assign.", many(
		attribute("value", String, "The name of a built-in role, or the id of one that the environment made.", caseExact, most(lineMost),
			canonical("environment-admin", "identity-data-admin", "identity-data-read-only", "client-application-developer", "configuration-read-only")),
		attribute("display", String, "What people call the role.", readOnly, onRequest),
		attribute("type", String, "What the role is over.", readOnly, onRequest, canonical("organization", "environment", "population")),
	)),
	listed("x509Certificates", "Certificates.", attribute("value", Binary, "A certificate in DER, as base64.", most(binaryMost)), nil),
}}

// Enterprise is the schema of users in an organization (RFC 7643 §4.3).
var Enterprise = &Schema{ID: EnterpriseURN, Name: "EnterpriseUser", Description: "A user who works for an organization", Attributes: []*Attribute{
	attribute("employeeNumber", String, "The number that the organization gave the person.", most(lineMost), filterable),
	attribute("costCenter", String, "The cost centre.", most(lineMost)),
	attribute("organization", String, "The organization.", most(lineMost)),
	attribute("division", String, "The division.", most(lineMost)),
	attribute("department", String, "The department.", most(lineMost), filterable),
	attribute("manager", Complex, "Whom the person reports to.", parts(
		attribute("value", String, "The id of the manager's user.", caseExact, most(lineMost)),
		attribute("$ref", Reference, "The address of the manager's user.", refers("User"), most(linkMost)),
		attribute("displayName", String, "The name of the manager.", readOnly),
	)),
}}

// Group is the core schema of groups (RFC 7643 §4.2).
var Group = &Schema{ID: GroupURN, Name: "Group", Description: "A group of users and other groups", Attributes: []*Attribute{
	attribute("displayName", String, "The name of the group, unique whatever the case of its letters.", required, unique, most(lineMost), filterable),
	attribute("members", Complex, "The users and groups in it.", many(
		attribute("value", String, "The id of the member.", immutable, caseExact, most(lineMost)),
		attribute("$ref", Reference, "The address of the member.", immutable, refers("User", "Group"), most(linkMost)),
		attribute("type", String, "What the member is.", immutable, canonical("User", "Group"), most(lineMost)),
	)),
}}
