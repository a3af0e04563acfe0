import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.reflect.ReflectionObjectHandler;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.AbstractMap;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.ScriptPlugin;
import org.elasticsearch.script.ScriptContext;
import org.elasticsearch.script.ScriptEngine;
import org.elasticsearch.script.TemplateScript;

/**
 * Gives a node without the module lang-mustache the template language of ingest processors: {{field}} is escaped for a JSON
 * string, {{{field}}} is not, elements of a list are reached by their number ({{{list.0}}}). The functions of the module
 * (toJson, join, url) are left out.
 */
public final class MustacheTemplates extends Plugin implements ScriptPlugin {

    @Override
    public ScriptEngine getScriptEngine(Settings settings, Collection<ScriptContext<?>> contexts) {
        return new Engine();
    }

    private static final class Engine implements ScriptEngine {
        @Override
        public String getType() {
            return "mustache";
        }

        @Override
        public Set<ScriptContext<?>> getSupportedContexts() {
            return Set.of(TemplateScript.CONTEXT, TemplateScript.INGEST_CONTEXT);
        }

        @Override
        public <F> F compile(String name, String source, ScriptContext<F> context, Map<String, String> options) {
            Mustache template = new Templates().compile(new StringReader(source), "template");
            TemplateScript.Factory factory = parameters -> new TemplateScript(parameters) {
                @Override
                public String execute() {
                    StringWriter text = new StringWriter();
                    template.execute(text, getParams());
                    return text.toString();
                }
            };
            return context.factoryClazz.cast(factory);
        }
    }

    private static final class Templates extends DefaultMustacheFactory {
        Templates() {
            setObjectHandler(new NumberedElements());
        }

        @Override
        public void encode(String value, Writer writer) {
            try {
                for (char c : value.toCharArray()) {
                    switch (c) {
                        case '"' -> writer.write("\\\"");
                        case '\\' -> writer.write("\\\\");
                        case '\n' -> writer.write("\\n");
                        case '\r' -> writer.write("\\r");
                        case '\t' -> writer.write("\\t");
                        default -> writer.write(c < ' ' ? String.format("\\u%04X", (int) c) : String.valueOf(c));
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Shows a list as a map from "0", "1", … (and "size") that still prints and repeats as the list. */
    private static final class NumberedElements extends ReflectionObjectHandler {
        @Override
        public Object coerce(Object value) {
            return value instanceof Collection<?> list ? new NumberedList(list) : super.coerce(value);
        }
    }

    private static final class NumberedList extends AbstractMap<String, Object> implements Iterable<Object> {
        private final Collection<?> list;

        NumberedList(Collection<?> list) {
            this.list = list;
        }

        @Override
        public Set<Entry<String, Object>> entrySet() {
            Map<String, Object> elements = new LinkedHashMap<>();
            for (Object element : list) {
                elements.put(String.valueOf(elements.size()), element);
            }
            elements.put("size", list.size());
            return elements.entrySet();
        }

        @Override
        @SuppressWarnings("unchecked")
        public Iterator<Object> iterator() {
            return (Iterator<Object>) list.iterator();
        }

        @Override
        public String toString() {
            return list.toString();
        }
    }
}
