#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

/// The schemas of results/schema, as a program that is not ours understands them (valijson).
namespace brokenpipe::testing {

class Schema {
 public:
  /// `name`: of the file in results/schema.
  explicit Schema(const std::string& name);
  ~Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;
  Schema(Schema&& other) noexcept;
  Schema& operator=(Schema&& other) noexcept;

  /// What is wrong with a document, the innermost first; empty where it is valid.
  std::string complaint_about(const nlohmann::json& document) const;

 private:
  struct Parsed;
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace brokenpipe::testing
