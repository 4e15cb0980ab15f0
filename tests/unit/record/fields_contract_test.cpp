// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>

#include "support/shared_data.hpp"
#include "unit/record/record_text.hpp"

namespace ktstr {
namespace {

using test::complaint;
using test::ObjectText;
using test::place;

template <typename T>
class RecordContract : public ::testing::Test {
 protected:
  static std::string with(const ObjectText<T>& object) { return place<T>(object.text()).json; }
  static std::string path() { return place<T>("{}").path; }
  static std::string path_to(std::string_view key) {
    return (path().empty() ? "" : path() + ".") + std::string(key);
  }
  static std::string at_path(const std::string& message) {
    return (path().empty() ? "" : path() + ": ") + message;
  }

  /// Keys of one contract only have tests of their own.
  template <typename Each>
  static void for_each_common_field(Each each) {
    test::for_each_field<T>([&](const auto& field) {
      if (field.side == Side::both) each(field);
    });
  }
};

TYPED_TEST_SUITE(RecordContract, test::AllObjects::Gtest);

TYPED_TEST(RecordContract, HoldsWithEveryKeyOrOnlyTheRequiredOnes) {
  EXPECT_EQ(complaint(this->with(ObjectText<TypeParam>::full())), "");
  EXPECT_EQ(complaint(this->with(ObjectText<TypeParam>())), "");
}

TYPED_TEST(RecordContract, BreaksWithoutARequiredKeyAndOnlyThen) {
  this->for_each_common_field([&](const auto& field) {
    const std::string json = this->with(ObjectText<TypeParam>::full().drop(field.key));
    const bool is_required = field.presence == KeyPresence::required;
    EXPECT_EQ(complaint(json),
              is_required ? this->at_path("missing field `" + std::string(field.key) + "`") : "");
  });
}

TYPED_TEST(RecordContract, TakesNullOnlyWhereNoneIsAValue) {
  this->for_each_common_field([&](const auto& field) {
    using M = typename std::decay_t<decltype(field)>::Type;
    const bool takes_null = field.presence == KeyPresence::nullable ||
                            (field.presence == KeyPresence::omitted &&
                             !std::is_same_v<M, std::map<std::uint64_t, std::string>>);
    const std::string said =
        complaint(this->with(ObjectText<TypeParam>::full().set(field.key, "null")));
    if (takes_null) {
      EXPECT_EQ(said, "") << field.key;
    } else {
      EXPECT_EQ(said.rfind(this->path_to(field.key) + ": invalid type: null, expected ", 0), 0U)
          << said;
    }
  });
}

TYPED_TEST(RecordContract, BreaksWhereAValueHasTheWrongType) {
  this->for_each_common_field([&](const auto& field) {
    using M = typename std::decay_t<decltype(field)>::Type;
    constexpr bool is_bool = std::is_same_v<M, bool>;
    const std::string said =
        complaint(this->with(ObjectText<TypeParam>::full().set(field.key, is_bool ? "1" : "true")));
    const std::string what = is_bool ? "integer `1`" : "boolean `true`";
    EXPECT_EQ(said.rfind(this->path_to(field.key) + ": invalid type: " + what + ", expected ", 0),
              0U)
        << said;
  });
}

TYPED_TEST(RecordContract, BreaksWhereAKeyStandsTwice) {
  this->for_each_common_field([&](const auto& field) {
    using M = typename std::decay_t<decltype(field)>::Type;
    const std::string json =
        this->with(ObjectText<TypeParam>::full().add(field.key, test::minimal_json<M>()));
    EXPECT_EQ(complaint(json), this->at_path("duplicate field `" + std::string(field.key) + "`"));
  });
}

TYPED_TEST(RecordContract, DoesNotTakeAnObjectAsAPositionalArray) {
  // The top of a document is another matter: that is no record at all.
  if constexpr (!std::is_same_v<TypeParam, Record>) {
    EXPECT_EQ(complaint(place<TypeParam>("[]").json),
              this->path() + ": invalid type: sequence, expected an object");
  }
}

TYPED_TEST(RecordContract, WritesNullForNullableKeysAndLeavesOutOmittedOnes) {
  const std::string text = test::round_trip(this->with(ObjectText<TypeParam>()));
  this->for_each_common_field([&](const auto& field) {
    const std::string key = "\"" + std::string(field.key) + "\": ";
    if (field.presence == KeyPresence::nullable) {
      EXPECT_NE(text.find(key + "null"), std::string::npos) << key;
    } else if (field.presence == KeyPresence::omitted) {
      EXPECT_EQ(text.find(key), std::string::npos) << key;
    } else {
      EXPECT_NE(text.find(key), std::string::npos) << key;
    }
  });
}

// ---- the example --------------------------------------------------------------------------------

/// Over all objects of a record: which keys of each kind of object were read, and unknown keys.
class KeyCensus {
 public:
  void look(const Record& record) { look_at(record); }

  [[nodiscard]] const std::vector<std::string>& unknown() const { return unknown_; }
  [[nodiscard]] std::vector<std::string> never_read() const {
    std::vector<std::string> keys;
    for (const auto& [key, was_seen] : seen_) {
      if (!was_seen) keys.push_back(key);
    }
    return keys;
  }

 private:
  template <RecordObject T>
  void look_at(const T& object) {
    for (const UnknownKey& key : object.keys.unknown) unknown_.push_back(key.key);
    std::size_t index = 0;
    test::for_each_field<T>([&](const auto& field) {
      // A kind of object goes by its first two keys: no two kinds share both.
      const std::string name = kind_of<T>() + "." + std::string(field.key);
      seen_[name] = seen_[name] || (object.keys.read >> index & 1) != 0;
      ++index;
      look_at(object.*field.member);
    });
  }
  template <typename T>
  void look_at(const std::vector<T>& items) {
    for (const T& item : items) look_at(item);
  }
  template <typename T>
  void look_at(const std::map<std::string, T>& map) {
    for (const auto& pair : map) look_at(pair.second);
  }
  template <typename T>
  void look_at(const std::optional<T>& value) {
    if (value) look_at(*value);
  }
  template <typename T>
  void look_at(const T&) {}

  template <RecordObject T>
  static std::string kind_of() {
    std::string kind(Fields<T>::k_table.keys()[0]);
    if constexpr (k_field_count < T >> 1) kind += "/" + std::string(Fields<T>::k_table.keys()[1]);
    return kind;
  }

  std::map<std::string, bool> seen_;
  std::vector<std::string> unknown_;
};

// Encoding walks the tables in order, so with this the byte-wise round trip (encoder_test) shows
// that the tables have the writer's keys in the writer's order.
TEST(RecordTables, HaveEveryKeyOfTheExampleAndNoOther) {
  const auto path = test::shared_data_path("example.ktstr.json");
  if (!path) GTEST_SKIP() << "no shared data";
  std::ifstream file(*path, std::ios::binary);
  const std::string json{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  KeyCensus census;
  census.look(test::decoded(json).record);
  EXPECT_EQ(census.unknown(), std::vector<std::string>{});
  // Newer producers' keys, and a list that the example has no need of.
  EXPECT_EQ(census.never_read(),
            (std::vector<std::string>{"test_name/topology.host_dilation",
                                      "test_name/topology.throughput_denomination",
                                      "total_run_delay/total_pcount.total_schedstat_vcpu_sec",
                                      "total_samples/max_imbalance_ratio.bpf_map_fields"}));
}

}  // namespace
}  // namespace ktstr
