package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object; numbers are json.Number, so that nothing is rounded.
type object = map[string]any

// client speaks to one API server, as its administrator or as who it is told to be.
type client struct {
	base  string
	token string
	http  *http.Client
	kinds map[string]resource // by "group/version/kind"
}

// user is who a request comes from; the zero value is the administrator.
type user struct {
	Name   string   `json:"name"`
	Groups []string `json:"groups"`
}

// resource is how a kind is reached.
type resource struct {
	plural     string
	namespaced bool
}

// answer is what the server said to one request.
type answer struct {
	code     int
	body     object
	warnings []string
	auditID  string
}

func newClient(c *cluster) *client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.authority)
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: 8,
	}
	return &client{base: c.url, token: c.token, http: &http.Client{Transport: transport, Timeout: 60 * time.Second}}
}

func (c *client) do(as user, method, path string, body any) (answer, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return answer{}, err
		}
	}
	request, err := http.NewRequest(method, c.base+path, bytes.NewReader(text))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	if as.Name != "" {
		request.Header.Set("Impersonate-User", as.Name)
		for _, group := range as.Groups {
			request.Header.Add("Impersonate-Group", group)
		}
	}
	reply, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer reply.Body.Close()
	text, err = io.ReadAll(reply.Body)
	if err != nil {
		return answer{}, err
	}
	got := answer{code: reply.StatusCode, warnings: warningsOf(reply.Header), auditID: reply.Header.Get("Audit-Id")}
	if got.body, err = parseObject(text); err != nil {
		return answer{}, fmt.Errorf("%s %s: %s: no JSON object: %.200s", method, path, reply.Status, text)
	}
	return got, nil
}

// must is do for requests that set something up: every answer but success is an error.
func (c *client) must(method, path string, body any) (object, error) {
	got, err := c.do(user{}, method, path, body)
	if err != nil {
		return nil, err
	}
	if got.code >= 300 {
		return nil, fmt.Errorf("%s %s: %d: %s", method, path, got.code, got.message())
	}
	return got.body, nil
}

func (a answer) allowed() bool   { return a.code < 300 }
func (a answer) message() string { return text(a.body, "message") }

func parseObject(text []byte) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var parsed object
	err := decoder.Decode(&parsed)
	return parsed, err
}

// warningsOf reads the Warning headers (RFC 7234 section 5.5): `299 - "text"`, the text a quoted string.
func warningsOf(header http.Header) []string {
	var found []string
	for _, line := range header.Values("Warning") {
		_, quoted, ok := strings.Cut(line, `"`)
		if !ok {
			continue
		}
		var plain strings.Builder
		for i := 0; i < len(quoted) && quoted[i] != '"'; i++ {
			if quoted[i] == '\\' && i+1 < len(quoted) {
				i++
			}
			plain.WriteByte(quoted[i])
		}
		found = append(found, plain.String())
	}
	return found
}

// discover learns which kinds the server serves.
func (c *client) discover() error {
	c.kinds = map[string]resource{}
	groupVersions := []string{"v1"}
	groups, err := c.must(http.MethodGet, "/apis", nil)
	if err != nil {
		return err
	}
	for _, group := range items(groups, "groups") {
		for _, version := range items(group, "versions") {
			groupVersions = append(groupVersions, text(version, "groupVersion"))
		}
	}
	for _, groupVersion := range groupVersions {
		list, err := c.must(http.MethodGet, root(groupVersion), nil)
		if err != nil {
			return err
		}
		for _, entry := range items(list, "resources") {
			if name := text(entry, "name"); !strings.Contains(name, "/") {
				namespaced, _ := entry["namespaced"].(bool)
				c.kinds[groupVersion+"/"+text(entry, "kind")] = resource{name, namespaced}
			}
		}
	}
	return nil
}

func root(groupVersion string) string {
	if strings.Contains(groupVersion, "/") {
		return "/apis/" + groupVersion
	}
	return "/api/" + groupVersion
}

func (c *client) resourceOf(o object) (resource, bool) {
	found, ok := c.kinds[text(o, "apiVersion")+"/"+text(o, "kind")]
	return found, ok
}

// collection is the path where objects of this kind are created.
func (c *client) collection(o object, namespace string) (string, error) {
	kind, ok := c.resourceOf(o)
	if !ok {
		return "", fmt.Errorf("the server does not serve %s %s", text(o, "apiVersion"), text(o, "kind"))
	}
	path := root(text(o, "apiVersion"))
	if kind.namespaced {
		path += "/namespaces/" + url.PathEscape(namespace)
	}
	return path + "/" + kind.plural, nil
}

// create posts an object into its namespace, or into that one if it names none.
func (c *client) create(as user, o object, namespace string, dryRun bool) (answer, error) {
	if own := text(child(o, "metadata"), "namespace"); own != "" {
		namespace = own
	}
	path, err := c.collection(o, namespace)
	if err != nil {
		return answer{}, err
	}
	path += "?fieldValidation=Ignore"
	if dryRun {
		path += "&dryRun=All"
	}
	return c.do(as, http.MethodPost, path, o)
}

// ensureNamespace makes a namespace with labels if it is not there.
func (c *client) ensureNamespace(name string, labels map[string]string) error {
	made, err := c.do(user{}, http.MethodPost, "/api/v1/namespaces", object{"apiVersion": "v1", "kind": "Namespace",
		"metadata": object{"name": name, "labels": labels}})
	if err == nil && made.code >= 300 && made.code != http.StatusConflict {
		err = fmt.Errorf("namespace %s: %s", name, made.message())
	}
	return err
}

func text(o object, key string) string {
	value, _ := o[key].(string)
	return value
}

func child(o object, key string) object {
	value, _ := o[key].(object)
	return value
}

func items(o object, key string) []object {
	list, _ := o[key].([]any)
	var found []object
	for _, item := range list {
		if entry, ok := item.(object); ok {
			found = append(found, entry)
		}
	}
	return found
}

func number(value any) int {
	n, _ := value.(json.Number)
	i, _ := strconv.Atoi(string(n))
	return i
}
