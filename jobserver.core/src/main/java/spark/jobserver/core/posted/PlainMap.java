package spark.jobserver.core.posted;

import java.util.AbstractList;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Set;

/** A resolved object as the library takes it: maps, lists, texts, numbers, booleans and null. */
final class PlainMap extends AbstractMap<String, Object> {
  private final HoconValue.Members object;

  PlainMap(HoconValue.Members object) {
    this.object = object;
  }

  @Override
  public Set<Entry<String, Object>> entrySet() {
    return new AbstractSet<>() {
      @Override
      public int size() {
        return object.keys().size();
      }

      @Override
      public Iterator<Entry<String, Object>> iterator() {
        Iterator<String> keys = object.keys().iterator();
        return new Iterator<>() {
          @Override
          public boolean hasNext() {
            return keys.hasNext();
          }

          @Override
          public Entry<String, Object> next() {
            String key = keys.next();
            return new SimpleImmutableEntry<>(key, plain(object.get(key)));
          }
        };
      }
    };
  }

  private static Object plain(HoconValue value) {
    if (value instanceof HoconValue.Members object) {
      return new PlainMap(object);
    }
    if (value instanceof HoconValue.Items items) {
      return new AbstractList<Object>() {
        @Override
        public int size() {
          return items.values().size();
        }

        @Override
        public Object get(int index) {
          return plain(items.values().get(index));
        }
      };
    }
    HoconValue.Scalar scalar = (HoconValue.Scalar) value;
    return switch (scalar.kind()) {
      case STRING, BLANK -> scalar.text();
      case NUMBER -> scalar.number();
      case BOOLEAN -> Boolean.valueOf(scalar.text());
      case NULL -> null;
    };
  }
}
