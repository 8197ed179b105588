// Writes what the API server says about the rules of generated CustomResourceDefinitions, one definition a line: the static costs of
// every rule, and the errors that its validation finds. The lines are recorded.jsonl, which a unit test of
// src/admission_policy compares with ours.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// cost of one rule: of one evaluation, and how often it can be asked in one object.
type cost struct {
	Pointer string `json:"pointer"`
	Rule    uint64 `json:"rule"`
	Times   uint64 `json:"times"`
	Message uint64 `json:"message,omitempty"`
}

type line struct {
	Definition json.RawMessage `json:"definition"`
	Costs      []cost          `json:"costs"`
	Errors     []string        `json:"errors,omitempty"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for i, schemas := range definitions() {
		made, err := judge(definition(i, schemas))
		if err != nil {
			fmt.Fprintf(os.Stderr, "%d: %v\n", i, err)
			os.Exit(1)
		}
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(made); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// definition has a version for each schema.
func definition(i int, schemas []string) string {
	kind := fmt.Sprintf("Thing%02d", i)
	plural := strings.ToLower(kind) + "s"
	var versions []string
	for n, schema := range schemas {
		versions = append(versions, fmt.Sprintf(`{"name":"v%d","served":true,"storage":%t,"schema":{"openAPIV3Schema":%s}}`, n+1, n == 0, schema))
	}
	return fmt.Sprintf(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"%s.cases.example.com"},`+
		`"spec":{"group":"cases.example.com","scope":"Namespaced","names":{"kind":"%s","plural":"%s"},"versions":[%s]}}`,
		plural, kind, plural, strings.Join(versions, ","))
}

func judge(text string) (*line, error) {
	var external v1.CustomResourceDefinition
	if err := json.Unmarshal([]byte(text), &external); err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	v1.SetDefaults_CustomResourceDefinition(&external)
	v1.SetDefaults_CustomResourceDefinitionSpec(&external.Spec)
	var internal apiextensions.CustomResourceDefinition
	if err := v1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&external, &internal, nil); err != nil {
		return nil, err
	}
	made := &line{Definition: json.RawMessage(text), Costs: []cost{}}
	for _, problem := range validation.ValidateCustomResourceDefinition(context.Background(), &internal) {
		if strings.Contains(problem.Field, "openAPIV3Schema") {
			made.Errors = append(made.Errors, problem.Error())
		}
	}
	sort.Strings(made.Errors) // properties are looked at in any order
	for i := range external.Spec.Versions {
		var schema apiextensions.JSONSchemaProps
		if err := v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(external.Spec.Versions[i].Schema.OpenAPIV3Schema, &schema, nil); err != nil {
			return nil, err
		}
		walk(&schema, validation.RootCELContext(&schema), fmt.Sprintf("/spec/versions/%d/schema/openAPIV3Schema", i), made)
	}
	sort.Slice(made.Costs, func(i, j int) bool { return made.Costs[i].Pointer < made.Costs[j].Pointer })
	return made, nil
}

func walk(schema *apiextensions.JSONSchemaProps, at *validation.CELSchemaContext, pointer string, into *line) {
	if len(schema.XValidations) > 0 {
		if info, err := at.TypeInfo(); err == nil && info != nil {
			set := environment.MustBaseEnvSet(version.MajorMinor(1, 36))
			results, err := cel.Compile(info.Schema, info.DeclType, celconfig.PerCallLimit, set, cel.NewExpressionsEnvLoader())
			for i, result := range results {
				if err != nil || result.Error != nil || result.Program == nil {
					continue
				}
				times := result.MaxCardinality
				if at.MaxCardinality != nil {
					times = *at.MaxCardinality
				}
				into.Costs = append(into.Costs, cost{Pointer: fmt.Sprintf("%s/x-kubernetes-validations/%d/rule", pointer, i), Rule: result.MaxCost, Times: times,
					Message: result.MessageExpressionMaxCost})
			}
		}
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		walk(schema.AdditionalProperties.Schema, at.ChildAdditionalPropertiesContext(schema.AdditionalProperties.Schema), pointer+"/additionalProperties", into)
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		walk(schema.Items.Schema, at.ChildItemsContext(schema.Items.Schema), pointer+"/items", into)
	}
	for name := range schema.Properties {
		property := schema.Properties[name]
		escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		walk(&property, at.ChildPropertyContext(&property, name), pointer+"/properties/"+escaped, into)
	}
}
