package client_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/client"
)

// inPlace are lists, bodies that the client makes in place, and answers whose "propagated" it reads from the header.
var inPlace = []string{
	"AddressList",
	"Authorities",
	"ConnectionCallers",
	"FactorCode",
	"GlobalSecret",
	"GoneBody",
	"KeyChanges",
	"LedgerPart",
	"LockPolicy",
	"Memberships",
	"RateLimits",
	"RecordRejects",
	"Regions",
	"Refusals",
	"Retried",
	"RevealedBody",
	"Revelation",
	"Revocation",
	"RoleAssignments",
	"Roles",
	"Rotation",
	"Search",
	"Settled",
	"Token",
	"TokenTest",
	"UserBatch", "UserImports",
	"UserTrial",
}

// forPages are bodies that no program gets: they are about the person in a browser.
var forPages = []string{
	"SignedIn",
	"SignedInEnvironment",
	"SignedInHelp",
	"SignedInPlace",
	"SignedInRole",
	"SignedInUser",
}

// The document that the server publishes of its API is made from its code, so this holds the two ends together.
func TestTypesHaveEveryMemberThatTheDocumentHas(t *testing.T) {
	text, err := os.ReadFile("../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any
			}
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	types := map[string]any{
		"Verification": client.LedgerVerification{}, "LedgerFinding": client.LedgerFinding{},
		"Schema": client.Schema{}, "SchemaAttribute": client.SchemaAttribute{}, "SchemaPart": client.SchemaPart{},
		"NewSchema": client.NewSchema{}, "SchemaChange": client.SchemaChange{},
		"API": client.API{}, "APIChange": client.APIChange{}, "NewAPI": client.NewAPI{}, "Scope": client.Scope{},
		"Application": client.Application{}, "ApplicationChange": client.ApplicationChange{}, "NewApplication": client.NewApplication{},
		"Secret": client.ApplicationSecret{}, "SecretChange": client.ApplicationSecretChange{}, "NewSecret": client.NewApplicationSecret{},
		"SecretRotation": client.SecretRotation{}, "OldSecret": client.OldSecret{}, "RevealedSecret": client.RevealedSecret{},
		"SecretUsage": client.SecretUsage{}, "UsageOfHour": client.UsageOfHour{}, "OwnChange": client.OwnApplicationChange{},
		"Environment": client.Environment{}, "EnvironmentChange": client.EnvironmentChange{}, "NewEnvironment": client.NewEnvironment{},
		"Administrator": client.EnvironmentAdmin{}, "Region": client.Region{}, "Key": client.Key{}, "KeyChange": client.KeyChange{},
		"Event": client.LedgerEvent{}, "Party": client.Party{}, "Checkpoint": client.LedgerCheckpoint{}, "Head": client.LedgerHead{},
		"Inspection": client.Inspection{}, "Diagnosis": client.Diagnosis{}, "Check": client.Check{}, "Problem": client.Problem{}, "Detail": client.FieldError{},
		"Lock": client.Lock{}, "LockNetwork": client.LockNetwork{}, "NewLock": client.NewLock{},
		"Webhook": client.Webhook{}, "NewWebhook": client.NewWebhook{}, "WebhookChange": client.WebhookChange{}, "Delivery": client.Delivery{}, "Replay": client.Replay{},
		"NoticeAddresses": client.NoticeAddresses{}, "Mail": client.Mail{}, "Kept": client.KeptMail{},
		"Pair": client.CredentialPair{}, "NewPair": client.NewCredentialPair{}, "Global": client.GlobalCredential{},
		"Integration": client.IntegrationCredential{}, "NewIntegration": client.NewIntegrationCredential{}, "IntegrationChange": client.IntegrationCredentialChange{},
		"Explanation": client.AccessExplanation{}, "AccessRule": client.AccessRule{}, "ExplanationStep": client.AccessStep{},
		"Role": client.Role{}, "NewRole": client.NewRole{}, "RoleChange": client.RoleChange{}, "RoleHolder": client.RoleHolder{}, "RoleAssignment": client.RoleAssignment{}, "NewRoleAssignment": client.NewRoleAssignment{},
		"RateLimit": client.RateLimit{}, "Invitation": client.Invitation{}, "NewInvitation": client.NewInvitation{}, "Policy": client.Policy{}, "PolicyLimits": client.PolicyLimits{}, "PolicyChange": client.PolicyChange{}, "PolicyLimitsChange": client.PolicyLimitsChange{},
		"NewPassword": client.NewUserPassword{}, "PasswordPolicy": client.PasswordPolicy{}, "PasswordPolicyChange": client.PasswordPolicyChange{},
		"PolicyCheck": client.PolicyCheck{}, "PolicyBreach": client.PolicyBreach{},
		"Certificate": client.Certificate{}, "NewCertificate": client.NewCertificate{}, "CredentialChange": client.CredentialChange{},
		"Authority": client.CertificateAuthority{}, "NewAuthority": client.NewCertificateAuthority{}, "PublicKey": client.PublicKey{},
		"JWTKey": client.JWTKey{}, "NewJWTKey": client.NewJWTKey{}, "Trust": client.Trust{}, "NewTrust": client.NewTrust{},
		"TrustVerdict": client.TrustVerdict{}, "ClaimFinding": client.ClaimFinding{},
		"Session": client.Session{},
		"Factor":  client.Factor{}, "NewFactor": client.NewFactor{}, "FactorVerdict": client.FactorVerdict{}, "RecoveryCodes": client.RecoveryCodes{},
		"Population": client.Population{}, "NewPopulation": client.NewPopulation{}, "PopulationChange": client.PopulationChange{},
		"Group": client.Group{}, "NewGroup": client.NewGroup{}, "GroupChange": client.GroupChange{}, "Member": client.Member{},
		"MemberChange": client.MemberChange{}, "NewMember": client.NewMember{}, "Membership": client.Membership{},
		"User": client.User{}, "NewUser": client.NewUser{}, "UserChange": client.UserChange{}, "NewUserLock": client.NewUserLock{},
		"PersonName": client.PersonName{}, "UserEmail": client.UserEmail{}, "UserValue": client.UserValue{}, "UserAddress": client.UserAddress{},
		"UserEnterprise": client.UserEnterprise{}, "UserManager": client.UserManager{}, "PersonNameChange": client.PersonNameChange{},
		"UserEnterpriseChange": client.UserEnterpriseChange{}, "UserManagerChange": client.UserManagerChange{},
		"UserImport": client.UserImport{}, "UserHash": client.UserHash{}, "NewUserImport": client.NewUserImport{}, "UserRecord": client.UserRecord{}, "BatchOutcome": client.BatchOutcome{},
		"RecordReject": client.RecordReject{}, "RecordDifference": client.RecordDifference{},
		"Provider": client.Provider{}, "ProviderField": client.ProviderField{}, "ProviderChoice": client.ProviderChoice{},
		"Trial": client.ProviderTrial{}, "Trying": client.Trial{}, "TrialStep": client.TrialStep{},
		"Connector": client.Connector{}, "NewConnector": client.NewConnector{}, "ConnectorChange": client.ConnectorChange{}, "ProxyLimit": client.ProxyLimit{},
		"Connection": client.Connection{}, "NewConnection": client.NewConnection{}, "ConnectionChange": client.ConnectionChange{},
		"ConnectionToken": client.ConnectionToken{}, "ConnectionCaller": client.ConnectionCaller{}, "EndUser": client.EndUser{},
		"ConnectSession": client.ConnectSession{}, "NewConnectSession": client.NewConnectSession{}, "Theme": client.ConnectTheme{}, "Colors": client.ConnectColors{},
		"Usage": client.Usage{}, "UsesASecond": client.UsesASecond{}, "HourOfUse": client.HourOfUse{}, "Outcomes": client.Outcomes{}, "Expiry": client.Expiry{},
		"Overview": client.Overview{}, "OverviewCounts": client.OverviewCounts{}, "OverviewConnections": client.OverviewConnections{},
		"OverviewHygiene": client.OverviewHygiene{}, "SetupStep": client.SetupStep{},
		"Finding": client.Finding{}, "Refusal": client.Refusal{}, "Self": client.Self{}, "SelfCredential": client.SelfCredential{}, "SelfEnvironment": client.SelfEnvironment{}, "SelfToken": client.SelfToken{},
		"RosterEntry": client.RosterEntry{},
		"SearchHits":  client.SearchHits{},
		"SearchHit":   client.SearchHit{},
	}
	for name, schema := range document.Components.Schemas {
		wanted := slices.Sorted(maps.Keys(schema.Properties))
		sample, known := types[name]
		switch {
		case strings.HasPrefix(name, "Page"), slices.Contains(inPlace, name), slices.Contains(forPages, name):
		case !known:
			t.Errorf("the document has a schema %s that this package does not know", name)
		case !slices.Equal(members(sample), wanted):
			t.Errorf("%T has %v, the document %v", sample, members(sample), wanted)
		}
	}
}

func members(sample any) (names []string) {
	of := reflect.TypeOf(sample)
	for i := range of.NumField() {
		if of.Field(i).Anonymous && of.Field(i).Tag == "" {
			names = append(names, members(reflect.Zero(of.Field(i).Type).Interface())...)
			continue
		}
		if name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ","); name != "-" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
