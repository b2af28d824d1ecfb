#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/yaml_json.h"

namespace sandboxlet::api {

// Builds documents from yaml-cpp's events. The first error is kept and everything after it
// ignored. Lives for one text.
class YamlBuilder : public YAML::EventHandler {
 public:
  std::optional<Error>& error() { return error_; }
  std::vector<YamlDocument>& documents() { return documents_; }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

 private:
  using Json = nlohmann::json;

  // A finished value and what it costs to copy it.
  // clang-tidy 14 takes the assertions in Json's noexcept move for throws.
  struct Node {  // NOLINT(bugprone-exception-escape)
    Json value;
    size_t weight = 1;
  };

  // A list or map under way.
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    YAML::Mark mark;
    // Of a map: the key whose value comes next, whether that is a merge, what merges have set.
    std::optional<std::string> key;
    bool merges = false;
    std::set<std::string> merged;
  };

  void start(const YAML::Mark& mark, YAML::anchor_t anchor, Json empty);
  void end();
  void add_scalar(const YAML::Mark& mark, YAML::anchor_t anchor, Json value, size_t weight);
  void add(const YAML::Mark& mark, Node node);
  void add_to_map(const YAML::Mark& mark, Frame& map, Node node);
  void take_key(const YAML::Mark& mark, Frame& map, const Json& key);
  void merge(const YAML::Mark& mark, Frame& map, const Json& from);
  void remember(YAML::anchor_t anchor, const Node& node);
  bool spend(size_t weight);
  void note_line(const YAML::Mark& mark);
  void fail(const YAML::Mark& mark, const std::string& message);

  std::vector<Frame> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::vector<YamlDocument> documents_;
  std::optional<Error> error_;
  size_t spent_ = 0;
};

}  // namespace sandboxlet::api
