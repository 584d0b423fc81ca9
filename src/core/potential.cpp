#include "icp/potential.hpp"

namespace icp {

namespace {

struct Words {
  std::array<const char*, languages> title, strategy;
};

constexpr std::array<Words, potential_cells> words = {{
    {{"Low priority", "Низкий приоритет"}, {"minimum resources, costs under control", "минимум ресурсов, контроль затрат"}},
    {{"Developing (low)", "Развивающиеся (низкий)"},
     {"basic service, no extra investment", "базовый сервис без дополнительных вложений"}},
    {{"Stable (low)", "Стабильные (низкий)"}, {"keep relations, automate", "поддерживать отношения, автоматизировать"}},
    {{"Promising (medium)", "Перспективные (средний)"},
     {"start active work, test offers", "начать активную работу, тестировать предложения"}},
    {{"Development focus (medium)", "Фокус развития (средний)"},
     {"raise sales, fit solutions; important growth group",
      "увеличивать продажи, подбирать решения; важная группа роста"}},
    {{"Key (medium)", "Ключевые (средний)"}, {"retain, offer extra products", "удерживать, предлагать дополнительные продукты"}},
    {{"Capture priority (high)", "Приоритет захвата (высокий)"},
     {"maximum resources to start", "максимум ресурсов для начала работы"}},
    {{"Strategic (high)", "Стратегические (высокий)"},
     {"build relations, individual solutions; active growth zone",
      "выстраивать отношения, индивидуальные решения; зона активного роста"}},
    {{"VIP (high)", "VIP-клиенты (высокий)"},
     {"higher service, joint planning and support", "повышенный сервис, совместное планирование и поддержка"}},
}};

const Words& words_of(int number) { return words.at(static_cast<std::size_t>(number - 1)); }

}  // namespace

int potential_cell_number(std::string_view key) {
  for (std::size_t i = 0; i < potential_cells; ++i)
    if (key == potential_cell_keys[i]) return static_cast<int>(i) + 1;
  return 0;
}

const char* potential_cell_title(int number, Language language) {
  return words_of(number).title[static_cast<std::size_t>(language)];
}

const char* potential_cell_strategy(int number, Language language) {
  return words_of(number).strategy[static_cast<std::size_t>(language)];
}

}  // namespace icp
